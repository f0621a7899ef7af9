using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.FeatureMining.Detection.MlNet;

/// <summary>The columns of a detector: those of a classifier, and the predicted boxes.</summary>
internal sealed record DetectionSettings(ScoringSettings Scoring, string BoxColumnName)
{
    /// <summary>The same after Fit, with what was learned from the columns.</summary>
    public DetectionSettings Bound(string imageColumnName, string keyValues) =>
        this with
        {
            Scoring = Scoring with { ImageColumnName = imageColumnName, KeyValues = keyValues },
        };
}

/// <summary>
/// The schema of a detector's three output columns, before and after Fit: vectors of variable length, as Microsoft.ML.TorchSharp's ObjectDetectionTransformer
/// has them.
/// </summary>
internal static class DetectionSchema
{
    private const string KeyValues = "KeyValues";

    /// <summary>The result of GetOutputSchema.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    public static SchemaShape Shape(SchemaShape input, string labels, string boxes, DetectionSettings settings)
    {
        SchemaShape.Column label = Find(input, "label", labels, IsClasses, ObjectColumns.ClassesExpected);
        Find(input, "bounding box", boxes, column => IsVector(column) && column.ItemType.RawType == typeof(float), ObjectColumns.BoxesExpected);
        Find(input, "image", ImageColumn.TrainingName(input, settings.Scoring.ImageColumnName), IsImage, ImagesExpected);
        PrimitiveDataViewType? values = label.IsKey ? KeyValuesOf(label) : TextDataViewType.Instance;
        SchemaShape.Column[] added =
        [
            Internals.CreateColumn(
                settings.Scoring.PredictedLabelColumnName,
                VectorKind.VariableVector,
                NumberDataViewType.UInt32,
                isKey: true,
                values is null ? [] : [Internals.CreateColumn(KeyValues, VectorKind.Vector, values)]
            ),
            Internals.CreateColumn(settings.BoxColumnName, VectorKind.VariableVector, NumberDataViewType.Single),
            Internals.CreateColumn(settings.Scoring.ScoreColumnName, VectorKind.VariableVector, NumberDataViewType.Single),
        ];
        return new SchemaShape(input.Where(column => !added.Any(other => other.Name == column.Name)).Concat(added));
    }

    public const string ImagesExpected = "VarVector<Byte>, Image or Text";

    /// <summary>The input's columns and then PredictedLabel, PredictedBoundingBoxes and Score, in that order.</summary>
    public static DataViewSchema Extend(DataViewSchema input, DetectionSettings settings, ClassKeys keys)
    {
        DataViewSchema.Annotations.Builder label = new();
        keys.Annotate(label, KeyValues);
        DataViewSchema.Builder builder = new();
        builder.AddColumns(input);
        builder.AddColumn(
            settings.Scoring.PredictedLabelColumnName,
            new VectorDataViewType(new KeyDataViewType(typeof(uint), keys.Count)),
            label.ToAnnotations()
        );
        builder.AddColumn(settings.BoxColumnName, new VectorDataViewType(NumberDataViewType.Single));
        builder.AddColumn(settings.Scoring.ScoreColumnName, new VectorDataViewType(NumberDataViewType.Single));
        return builder.ToSchema();
    }

    private static SchemaShape.Column Find(SchemaShape input, string role, string name, Func<SchemaShape.Column, bool> fits, string expected)
    {
        SchemaShape.Column column = input.FirstOrDefault(column => column.Name == name);
        return column.Name is null ? throw ColumnError.NotFound(role, name)
            : fits(column) ? column
            : throw ColumnError.Mismatch(role, name, expected, Internals.TypeName(column));
    }

    private static bool IsClasses(SchemaShape.Column column) =>
        IsVector(column) && (column.IsKey ? column.ItemType.RawType == typeof(uint) : column.ItemType is TextDataViewType);

    private static bool IsVector(SchemaShape.Column column) => column.Kind != VectorKind.Scalar;

    private static bool IsImage(SchemaShape.Column column) =>
        column.Kind == VectorKind.VariableVector
            ? !column.IsKey && column.ItemType.RawType == typeof(byte)
            : column.Kind == VectorKind.Scalar && column.ItemType is Transforms.Image.ImageDataViewType or TextDataViewType;

    private static PrimitiveDataViewType? KeyValuesOf(SchemaShape.Column label) =>
        label
            .Annotations.Where(column => column is { Name: KeyValues, Kind: VectorKind.Vector })
            .Select(column => column.ItemType as PrimitiveDataViewType)
            .FirstOrDefault();
}
