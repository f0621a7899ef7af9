using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;

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

/// <summary>The probabilities of a few rows. An image that could not be read fails its own row, when that is asked for, and no other.</summary>
internal sealed class ScoredRows(float[] probabilities, int classCount, ImageDecodeException?[] errors, UnreadableImageBehavior policy)
{
    /// <exception cref="ImageDecodeException">The row's image could not be read, and the policy is to throw.</exception>
    public void GetScore(int row, ref VBuffer<float> score)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref score, classCount);
        if (IsUnreadable(row))
            editor.Values.Fill(float.NaN);
        else
            Probabilities(row).CopyTo(editor.Values);
        score = editor.Commit();
    }

    /// <summary>The key of the most probable class, the first of equals; 0, a missing key, for an unreadable image that is to be skipped.</summary>
    /// <exception cref="ImageDecodeException">The row's image could not be read, and the policy is to throw.</exception>
    public uint GetPredictedLabel(int row)
    {
        if (IsUnreadable(row))
            return 0;
        ReadOnlySpan<float> values = Probabilities(row);
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
                best = i;
        }
        return (uint)best + 1;
    }

    /// <summary>1 for each class of a probability of at least one half, else 0; NaN for an unreadable image that is to be skipped.</summary>
    /// <exception cref="ImageDecodeException">The row's image could not be read, and the policy is to throw.</exception>
    public void GetPredictedSet(int row, ref VBuffer<float> set)
    {
        GetScore(row, ref set);
        VBufferEditor<float> editor = VBufferEditor.CreateFromBuffer(ref set);
        foreach (ref float value in editor.Values)
            value = float.IsNaN(value) ? value : value >= 0.5f ? 1 : 0;
    }

    private ReadOnlySpan<float> Probabilities(int row) => probabilities.AsSpan(row * classCount, classCount);

    private bool IsUnreadable(int row) => errors[row] switch
    {
        null => false,
        _ when policy == UnreadableImageBehavior.Skip => true,
        ImageDecodeException error => throw new ImageDecodeException(error.Message, error.InnerException!),
    };
}
