using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.MlNet.Images;
using Microsoft.ML.FeatureMining.MlNet.Labels;

namespace Microsoft.ML.FeatureMining.MlNet.Explaining;

/// <summary>Reads labels and scores of a scored data view.</summary>
internal static class ScoredRowReader
{
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or label and score are of different classes.</exception>
    public static ClassificationReport Read(IDataView scored, string labelColumnName, string scoreColumnName, int worst)
    {
        KeyLabelColumn label = KeyLabelColumn.Bind(scored.Schema, labelColumnName);
        DataViewSchema.Column score = scored.Schema.GetColumnOrNull(scoreColumnName) ?? throw ColumnError.NotFound("score", scoreColumnName);
        if (score.Type is not VectorDataViewType { IsKnownSize: true, Size: > 1 } type || type.ItemType.RawType != typeof(float) || type.Size != label.Keys.Count)
            throw ColumnError.Mismatch("score", scoreColumnName, FormattableString.Invariant($"Vector<Single, {label.Keys.Count}>, one a class of '{labelColumnName}'"), score.Type.ToString()!);
        DataViewSchema.Column? path = scored.Schema.GetColumnOrNull(ImageColumn.PathColumnName) is { Type: TextDataViewType } text ? text : null;
        using DataViewRowCursor cursor = scored.GetRowCursor([label.Column, score, .. path is { } column ? new[] { column } : []]);
        Func<int?> readLabel = label.Reader(cursor);
        ValueGetter<VBuffer<float>> readScore = cursor.GetGetter<VBuffer<float>>(cursor.Schema[score.Index]);
        ValueGetter<ReadOnlyMemory<char>>? readPath = path is { } file ? cursor.GetGetter<ReadOnlyMemory<char>>(cursor.Schema[file.Index]) : null;
        ReportBuilder report = new(label.Keys.Names, worst);
        VBuffer<float> scores = default;
        var probabilities = new float[label.Keys.Count];
        for (long row = 0; cursor.MoveNext(); row++)
        {
            readScore(ref scores);
            scores.CopyTo(probabilities);
            ReadOnlyMemory<char> name = default;
            readPath?.Invoke(ref name);
            report.Add(row, readPath is null ? null : name.ToString(), readLabel(), probabilities);
        }
        return report.Build();
    }
}
