using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.Transforms.Image;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>The schema of a classifier's two output columns, before and after Fit, with the same annotations as ML.NET's own trainers.</summary>
internal static class ScoreSchema
{
    private const string KeyValues = "KeyValues";
    private const string SlotNames = "SlotNames";
    private const string TrainingLabelValues = "TrainingLabelValues";
    private const string ScoreColumnSetId = "ScoreColumnSetId";
    private const string ScoreColumnKind = "ScoreColumnKind";
    private const string ScoreValueKind = "ScoreValueKind";

    private static readonly KeyDataViewType SetIdType = new(typeof(uint), int.MaxValue);

    /// <summary>The result of GetOutputSchema. Throws if the label or the image column of the input is missing or has the wrong type.</summary>
    public static SchemaShape Shape(SchemaShape input, string labelColumnName, ScoringSettings settings, bool isMultilabel)
    {
        SchemaShape.Column label = Find(input, "label", labelColumnName);
        if (isMultilabel ? !IsSet(label) : !label.IsKey || label.Kind != VectorKind.Scalar || label.ItemType.RawType != typeof(uint))
        {
            throw isMultilabel
                ? ColumnError.Mismatch("label", label.Name, LabelSetColumn.Expected, Internals.TypeName(label))
                : ColumnError.NotAKey(label.Name, Internals.TypeName(label));
        }

        SchemaShape.Column image = Find(input, "image", ImageColumn.TrainingName(input, settings.ImageColumnName));
        if (!IsImage(image))
        {
            throw ColumnError.Mismatch("image", image.Name, ImageColumn.Expected, Internals.TypeName(image));
        }

        SchemaShape.Column[] added = isMultilabel
            ? [SetShape(label, settings.ScoreColumnName), SetShape(label, settings.PredictedLabelColumnName)]
            : [ScoreShape(label, settings.ScoreColumnName), PredictedLabelShape(label, settings.PredictedLabelColumnName)];
        return new SchemaShape(input.Where(column => !added.Any(other => other.Name == column.Name)).Concat(added));
    }

    /// <summary>The input's columns and then PredictedLabel and Score, in that order.</summary>
    public static DataViewSchema Extend(DataViewSchema input, ScoringSettings settings, ClassKeys keys, bool isMultilabel)
    {
        uint set = NextSetId(input);
        VectorDataViewType perClass = new(NumberDataViewType.Single, keys.Count);
        DataViewSchema.Annotations.Builder label = Common(set, isMultilabel, "PredictedLabel");
        keys.Annotate(label, isMultilabel ? SlotNames : KeyValues);
        DataViewSchema.Annotations.Builder score = Common(set, isMultilabel, "Score");
        if (!isMultilabel)
        {
            keys.Annotate(score, TrainingLabelValues);
        }

        if (isMultilabel || keys.ItemType is TextDataViewType)
        {
            keys.Annotate(score, SlotNames);
        }

        DataViewSchema.Builder builder = new();
        builder.AddColumns(input);
        builder.AddColumn(settings.PredictedLabelColumnName, isMultilabel ? perClass : new KeyDataViewType(typeof(uint), keys.Count), label.ToAnnotations());
        builder.AddColumn(settings.ScoreColumnName, perClass, score.ToAnnotations());
        return builder.ToSchema();
    }

    private static SchemaShape.Column Find(SchemaShape input, string role, string name)
    {
        SchemaShape.Column column = input.FirstOrDefault(column => column.Name == name);
        return column.Name is null ? throw ColumnError.NotFound(role, name) : column;
    }

    // A vector of floats must have known size. The number of classes in text is not known before Fit.
    private static bool IsSet(SchemaShape.Column column) =>
        !column.IsKey && (column.ItemType is TextDataViewType || (column.Kind == VectorKind.Vector && column.ItemType.RawType == typeof(float)));

    private static bool IsImage(SchemaShape.Column column) =>
        !column.IsKey
        && column.Kind switch
        {
            VectorKind.VariableVector => column.ItemType is NumberDataViewType && column.ItemType.RawType == typeof(byte),
            VectorKind.Vector => column.ItemType is NumberDataViewType && column.ItemType.RawType == typeof(float),
            _ => column.ItemType is ImageDataViewType or TextDataViewType,
        };

    private static SchemaShape.Column ScoreShape(SchemaShape.Column label, string name)
    {
        List<SchemaShape.Column> annotations = [];
        if (KeyValuesOf(label) is { } values)
        {
            if (values.ItemType is TextDataViewType)
            {
                annotations.Add(Internals.CreateColumn(SlotNames, VectorKind.Vector, values.ItemType));
            }

            annotations.Add(Internals.CreateColumn(TrainingLabelValues, VectorKind.Vector, values.ItemType));
        }
        return Internals.CreateColumn(name, VectorKind.Vector, NumberDataViewType.Single, isKey: false, [.. annotations, .. CommonShapes()]);
    }

    // Classes in text always have names; classes of a vector have names only if its slots have names.
    private static SchemaShape.Column SetShape(SchemaShape.Column label, string name)
    {
        bool named =
            label.ItemType is TextDataViewType
            || label.Annotations.Any(column => column is { Name: SlotNames, Kind: VectorKind.Vector, ItemType: TextDataViewType });
        return Internals.CreateColumn(
            name,
            VectorKind.Vector,
            NumberDataViewType.Single,
            isKey: false,
            [.. named ? [Internals.CreateColumn(SlotNames, VectorKind.Vector, TextDataViewType.Instance)] : (SchemaShape.Column[])[], .. CommonShapes()]
        );
    }

    private static SchemaShape.Column PredictedLabelShape(SchemaShape.Column label, string name)
    {
        List<SchemaShape.Column> annotations = [];
        if (KeyValuesOf(label) is { } values)
        {
            annotations.Add(Internals.CreateColumn(KeyValues, VectorKind.Vector, values.ItemType));
        }

        return Internals.CreateColumn(name, VectorKind.Scalar, NumberDataViewType.UInt32, isKey: true, [.. annotations, .. CommonShapes()]);
    }

    private static SchemaShape.Column? KeyValuesOf(SchemaShape.Column label) =>
        label
            .Annotations.Where(column => column is { Name: KeyValues, Kind: VectorKind.Vector })
            .Select(column => (SchemaShape.Column?)column)
            .FirstOrDefault();

    private static SchemaShape.Column[] CommonShapes() =>
        [
            Internals.CreateColumn(ScoreColumnSetId, VectorKind.Scalar, NumberDataViewType.UInt32, isKey: true),
            Internals.CreateColumn(ScoreColumnKind, VectorKind.Scalar, TextDataViewType.Instance),
            Internals.CreateColumn(ScoreValueKind, VectorKind.Scalar, TextDataViewType.Instance),
        ];

    private static DataViewSchema.Annotations.Builder Common(uint set, bool isMultilabel, string valueKind)
    {
        DataViewSchema.Annotations.Builder annotations = new();
        annotations.Add(ScoreColumnSetId, SetIdType, (ref uint value) => value = set);
        annotations.Add(
            ScoreColumnKind,
            TextDataViewType.Instance,
            (ref ReadOnlyMemory<char> value) => value = (isMultilabel ? "MultilabelClassification" : "MulticlassClassification").AsMemory()
        );
        annotations.Add(ScoreValueKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = valueKind.AsMemory());
        return annotations;
    }

    /// <summary>One more than the largest ID in the schema, which distinguishes the columns of two scorers.</summary>
    private static uint NextSetId(DataViewSchema schema)
    {
        uint largest = 0;
        foreach (DataViewSchema.Column column in schema)
        {
            if (column.Annotations.Schema.GetColumnOrNull(ScoreColumnSetId)?.Type is KeyDataViewType { RawType: var raw } && raw == typeof(uint))
            {
                uint set = 0;
                column.Annotations.GetValue(ScoreColumnSetId, ref set);
                largest = Math.Max(largest, set);
            }
        }
        return largest + 1;
    }
}
