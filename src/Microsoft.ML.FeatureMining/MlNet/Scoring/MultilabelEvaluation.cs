using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.MlNet.Columns;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>Computes multi-label metrics from the labels and scores of a data view.</summary>
internal static class MultilabelEvaluation
{
    /// <param name="scored">The output of a model's Transform.</param>
    /// <param name="labelColumnName">The label column, a set of classes.</param>
    /// <param name="scoreColumnName">The column of class probabilities.</param>
    /// <param name="threshold">A row is predicted to have a class if its probability is at least this.</param>
    /// <param name="onRow">Called for each row with its index, its label (null if missing) and its scores.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    /// <exception cref="ArgumentException">Label and score have different classes.</exception>
    public static MultilabelClassificationMetrics Of(
        IDataView scored,
        string labelColumnName,
        string scoreColumnName,
        double threshold,
        Action<long, IReadOnlyList<float>?, IReadOnlyList<float>>? onRow = null
    )
    {
        ArgumentNullException.ThrowIfNull(labelColumnName);
        ArgumentNullException.ThrowIfNull(scoreColumnName);
        DataViewSchema.Column score = scored.Schema.GetColumnOrNull(scoreColumnName) ?? throw ColumnError.NotFound("score", scoreColumnName);
        if (score.Type is not VectorDataViewType { IsKnownSize: true } type || type.ItemType.RawType != typeof(float))
        {
            throw ColumnError.Mismatch("score", scoreColumnName, "Vector<Single>, one value per class", score.Type.ToString()!);
        }

        LabelSetColumn label = LabelSetColumn.BindWithKeys(scored.Schema, labelColumnName, ClassKeys.OfSlots(score));
        using DataViewRowCursor cursor = InputRows.Open(scored, [label.Column, score]);
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
            onRow?.Invoke(row, actual, probabilities);
        }

        counter.Unknown = UnknownLabels.Of(label);
        return counter.Read();
    }
}

/// <summary>The classes of labels that a model does not know.</summary>
internal static class UnknownLabels
{
    /// <summary>The unknown classes that a reader of the labels came across, those with most rows first.</summary>
    public static IReadOnlyList<UnknownClass> Of(LabelColumn label) =>
        UnknownClass.Sorted(label.Unknown.Select(entry => new UnknownClass(entry.Key, entry.Value, label.Lookup.Similar(entry.Key))));
}
