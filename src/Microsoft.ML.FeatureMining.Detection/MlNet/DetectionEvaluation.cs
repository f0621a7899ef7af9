using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Detection.Evaluation;
using Microsoft.ML.FeatureMining.MlNet.Columns;

namespace Microsoft.ML.FeatureMining.Detection.MlNet;

/// <summary>The columns of the objects that a model found.</summary>
internal sealed record FoundColumns(DataViewSchema.Column Labels, DataViewSchema.Column Boxes, DataViewSchema.Column Scores)
{
    public IEnumerable<DataViewSchema.Column> All => [Labels, Boxes, Scores];

    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    public static FoundColumns Bind(DataViewSchema schema, string labels, string boxes, string scores) =>
        new(
            ObjectColumns.Find(schema, "predicted label", labels, ObjectColumns.IsClasses, ObjectColumns.ClassesExpected),
            ObjectColumns.Find(schema, "predicted bounding box", boxes, ObjectColumns.IsFloats, ObjectColumns.BoxesExpected),
            ObjectColumns.Find(schema, "score", scores, ObjectColumns.IsFloats, ObjectColumns.BoxesExpected)
        );
}

/// <summary>An object found, before its class has a number.</summary>
internal readonly record struct NamedDetection(string Class, Box Box, float Score)
{
    public DetectedObject ToObject() => new(Class, Score, Box.Left, Box.Top, Box.Right, Box.Bottom);
}

/// <summary>Reads the objects that a model found, row by row.</summary>
internal sealed class FoundReader(DataViewRow row, FoundColumns columns)
{
    private readonly Func<string[]> _readClasses = ObjectReader.ClassNames(row, columns.Labels);
    private readonly Func<float[]> _readBoxes = ObjectReader.Vector<float>(row, columns.Boxes);
    private readonly Func<float[]> _readScores = ObjectReader.Vector<float>(row, columns.Scores);

    /// <summary>The objects found in all rows.</summary>
    public static IEnumerable<IReadOnlyList<DetectedObject>> ReadAll(IDataView rows, FoundColumns columns)
    {
        using DataViewRowCursor cursor = InputRows.Open(rows, columns.All);
        FoundReader reader = new(cursor, columns);
        while (cursor.MoveNext())
        {
            yield return [.. reader.Read().Select(one => one.ToObject())];
        }
    }

    /// <exception cref="ArgumentException">The vectors do not match; the message names the row.</exception>
    public NamedDetection[] Read()
    {
        (string[] classes, float[] boxes, float[] scores) = (_readClasses(), _readBoxes(), _readScores());
        return boxes.Length == 4 * classes.Length && scores.Length == classes.Length
            ?
            [
                .. classes.Select(
                    (name, i) => new NamedDetection(name, new Box(boxes[4 * i], boxes[(4 * i) + 1], boxes[(4 * i) + 2], boxes[(4 * i) + 3]), scores[i])
                ),
            ]
            : throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Row {row.Position} has {classes.Length} values in column '{columns.Labels.Name}', {boxes.Length} in '{columns.Boxes.Name}' and "
                        + $"{scores.Length} in '{columns.Scores.Name}'; there must be four numbers and one score per label."
                )
            );
    }
}

/// <summary>Compares the objects found with the labeled ones.</summary>
internal static class DetectionEvaluation
{
    /// <exception cref="ArgumentException">The vectors of a row do not match, or a box is invalid; the message names the row.</exception>
    /// <exception cref="InvalidOperationException">No row has an object that is not difficult.</exception>
    public static DetectionMetrics Of(IDataView data, ObjectColumns labeled, FoundColumns found)
    {
        // The classes are known after the pass if a column has names.
        List<(NamedBox[] Objects, NamedDetection[] Found)> rows = [];
        using (DataViewRowCursor cursor = InputRows.Open(data, labeled.All.Concat(found.All).DistinctBy(column => column.Index)))
        {
            (ObjectReader objects, FoundReader detections) = (new(cursor, labeled), new(cursor, found));
            while (cursor.MoveNext())
            {
                rows.Add((objects.Read(), detections.Read()));
            }
        }

        string[] names =
        [
            .. KnownNames(found.Labels)
                .Concat(rows.SelectMany(row => row.Found.Select(one => one.Class)).Order(StringComparer.Ordinal))
                .Concat(rows.SelectMany(row => row.Objects.Select(one => one.Class)).Order(StringComparer.Ordinal))
                .Distinct(StringComparer.Ordinal),
        ];
        if (!rows.Any(row => row.Objects.Any(one => !one.IsDifficult)))
        {
            throw new InvalidOperationException(
                $"There is nothing to measure: no row has an object in column '{labeled.Labels.Name}'{(labeled.Difficult is null ? "" : " that is not difficult")}."
            );
        }

        Dictionary<string, int> indices = names.Index().ToDictionary(entry => entry.Item, entry => entry.Index, StringComparer.Ordinal);
        VocAveragePrecision precision = new(names.Length);
        foreach ((NamedBox[] objects, NamedDetection[] detections) in rows)
        {
            precision.Add(
                [.. detections.Select(one => new Detection(one.Box, indices[one.Class], one.Score))],
                [.. objects.Select(one => new ObjectBox(one.Box, indices[one.Class], one.IsDifficult))]
            );
        }

        return new DetectionMetrics(precision, names, rows.Count, rows.Sum(row => row.Found.Length));
    }

    private static IReadOnlyList<string> KnownNames(DataViewSchema.Column labels) =>
        ((VectorDataViewType)labels.Type).ItemType is KeyDataViewType ? ClassKeys.Of(labels).Names : [];
}
