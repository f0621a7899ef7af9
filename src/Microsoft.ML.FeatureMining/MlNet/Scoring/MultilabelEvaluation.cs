using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.MlNet.Labels;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>Reads sets of classes and scores of a scored data view.</summary>
internal static class MultilabelEvaluation
{
    /// <param name="scored">What a model's Transform gave.</param>
    /// <param name="labelColumnName">The set of classes.</param>
    /// <param name="scoreColumnName">Each class's probability.</param>
    /// <param name="threshold">From where on a row is said to have a class.</param>
    /// <param name="seen">Told of each row: its number, its set, null where it has none, and its scores.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">Label and score are of different classes.</exception>
    public static MultilabelClassificationMetrics Of(
        IDataView scored, string labelColumnName, string scoreColumnName, double threshold, Action<long, IReadOnlyList<float>?, IReadOnlyList<float>>? seen = null)
    {
        DataViewSchema.Column score = scored.Schema.GetColumnOrNull(scoreColumnName) ?? throw ColumnError.NotFound("score", scoreColumnName);
        if (score.Type is not VectorDataViewType { IsKnownSize: true } type || type.ItemType.RawType != typeof(float))
            throw ColumnError.Mismatch("score", scoreColumnName, "Vector<Single>, one a class", score.Type.ToString()!);
        LabelSetColumn label = LabelSetColumn.BindAlike(scored.Schema, labelColumnName, ClassKeys.OfSlots(score));
        using DataViewRowCursor cursor = scored.GetRowCursor([label.Column, score]);
        Func<int?> readLabel = label.Reader(cursor);
        ValueGetter<VBuffer<float>> readScore = cursor.GetGetter<VBuffer<float>>(cursor.Schema[score.Index]);
        MultilabelCounter counter = new(label.Keys.Names, threshold);
        VBuffer<float> scores = default;
        var probabilities = new float[label.Keys.Count];
        for (long row = 0; cursor.MoveNext(); row++)
        {
            readScore(ref scores);
            scores.CopyTo(probabilities);
            IReadOnlyList<float>? actual = readLabel() is { } number ? label.Sets[number] : null;
            counter.Add(actual, probabilities);
            seen?.Invoke(row, actual, probabilities);
        }
        return counter.Read();
    }
}
