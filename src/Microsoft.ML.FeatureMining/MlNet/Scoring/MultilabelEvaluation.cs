using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Imaging;
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
        [
            .. label
                .Unknown.Select(entry => new UnknownClass(entry.Key, entry.Value, label.Lookup.Similar(entry.Key)))
                .OrderByDescending(entry => entry.Rows)
                .ThenBy(entry => entry.Name, StringComparer.Ordinal),
        ];
}

/// <summary>The probabilities of a batch of rows. An unreadable image affects only its own row, when the score of that row is read.</summary>
internal sealed class ScoredRows(float[] probabilities, int classCount, ImageDecodeException?[] errors, UnreadableImageBehavior policy)
{
    /// <exception cref="ImageDecodeException">The image of the row is unreadable, and the policy is Throw.</exception>
    public void GetScore(int row, ref VBuffer<float> score)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref score, classCount);
        if (IsUnreadable(row))
        {
            editor.Values.Fill(float.NaN);
        }
        else
        {
            Probabilities(row).CopyTo(editor.Values);
        }

        score = editor.Commit();
    }

    /// <summary>
    /// The key of the most probable class (the first one if several are equal); 0, the missing key, for an unreadable image if the policy is Skip.
    /// </summary>
    /// <exception cref="ImageDecodeException">The image of the row is unreadable, and the policy is Throw.</exception>
    public uint GetPredictedLabel(int row)
    {
        if (IsUnreadable(row))
        {
            return 0;
        }

        ReadOnlySpan<float> values = Probabilities(row);
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
            {
                best = i;
            }
        }
        return (uint)best + 1;
    }

    /// <summary>1 for each class whose probability is at least 0.5, else 0; NaN for an unreadable image if the policy is Skip.</summary>
    /// <exception cref="ImageDecodeException">The image of the row is unreadable, and the policy is Throw.</exception>
    public void GetPredictedSet(int row, ref VBuffer<float> set)
    {
        GetScore(row, ref set);
        VBufferEditor<float> editor = VBufferEditor.CreateFromBuffer(ref set);
        foreach (ref float value in editor.Values)
        {
            value =
                float.IsNaN(value) ? value
                : value >= 0.5f ? 1
                : 0;
        }
    }

    private ReadOnlySpan<float> Probabilities(int row) => probabilities.AsSpan(row * classCount, classCount);

    private bool IsUnreadable(int row) =>
        errors[row] switch
        {
            null => false,
            _ when policy == UnreadableImageBehavior.Skip => true,
            ImageDecodeException error => throw new ImageDecodeException(error.Message, error.InnerException!),
        };
}
