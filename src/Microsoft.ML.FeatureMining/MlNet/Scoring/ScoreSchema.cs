using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.Transforms.Image;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>The two columns of a classifier, promised and real, annotated as ML.NET's own trainers annotate theirs.</summary>
internal static class ScoreSchema
{
    private const string KeyValues = "KeyValues";
    private const string SlotNames = "SlotNames";
    private const string TrainingLabelValues = "TrainingLabelValues";
    private const string ScoreColumnSetId = "ScoreColumnSetId";
    private const string ScoreColumnKind = "ScoreColumnKind";
    private const string ScoreValueKind = "ScoreValueKind";

    private static readonly KeyDataViewType SetIdType = new(typeof(uint), int.MaxValue);

    /// <summary>What GetOutputSchema promises; refuses an input whose label or image column cannot be used.</summary>
    public static SchemaShape Shape(SchemaShape input, string labelColumnName, ScoringSettings settings, bool isMultilabel)
    {
        SchemaShape.Column label = Find(input, "label", labelColumnName);
        if (isMultilabel ? !IsSet(label) : !label.IsKey || label.Kind != VectorKind.Scalar || label.ItemType.RawType != typeof(uint))
            throw ColumnError.Mismatch("label", label.Name, isMultilabel ? LabelSetColumn.Expected : "Key<UInt32>", Internals.TypeName(label));
        SchemaShape.Column image = Find(input, "image", settings.ImageColumnName);
        if (!IsImage(image))
            throw ColumnError.Mismatch("image", image.Name, ImageColumn.Expected, Internals.TypeName(image));
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
            keys.Annotate(score, TrainingLabelValues);
        if (isMultilabel || keys.ItemType is TextDataViewType)
            keys.Annotate(score, SlotNames);

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

    // The vectors are of known size, as those of the label are; text gives as many classes as there are names.
    private static bool IsSet(SchemaShape.Column column) => !column.IsKey
        && (column.ItemType is TextDataViewType || (column.Kind == VectorKind.Vector && column.ItemType.RawType == typeof(float)));

    private static bool IsImage(SchemaShape.Column column) => !column.IsKey && column.Kind switch
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
                annotations.Add(Internals.Promise(SlotNames, VectorKind.Vector, values.ItemType));
            annotations.Add(Internals.Promise(TrainingLabelValues, VectorKind.Vector, values.ItemType));
        }
        return Internals.Promise(name, VectorKind.Vector, NumberDataViewType.Single, isKey: false, [.. annotations, .. CommonShapes()]);
    }

    // A vector's classes have names where its slots have; those of text have.
    private static SchemaShape.Column SetShape(SchemaShape.Column label, string name)
    {
        bool named = label.ItemType is TextDataViewType || label.Annotations.Any(column => column is { Name: SlotNames, Kind: VectorKind.Vector, ItemType: TextDataViewType });
        return Internals.Promise(name, VectorKind.Vector, NumberDataViewType.Single, isKey: false,
            [.. named ? [Internals.Promise(SlotNames, VectorKind.Vector, TextDataViewType.Instance)] : (SchemaShape.Column[])[], .. CommonShapes()]);
    }

    private static SchemaShape.Column PredictedLabelShape(SchemaShape.Column label, string name)
    {
        List<SchemaShape.Column> annotations = [];
        if (KeyValuesOf(label) is { } values)
            annotations.Add(Internals.Promise(KeyValues, VectorKind.Vector, values.ItemType));
        return Internals.Promise(name, VectorKind.Scalar, NumberDataViewType.UInt32, isKey: true, [.. annotations, .. CommonShapes()]);
    }

    private static SchemaShape.Column? KeyValuesOf(SchemaShape.Column label) =>
        label.Annotations.Where(column => column is { Name: KeyValues, Kind: VectorKind.Vector }).Select(column => (SchemaShape.Column?)column).FirstOrDefault();

    private static SchemaShape.Column[] CommonShapes() =>
    [
        Internals.Promise(ScoreColumnSetId, VectorKind.Scalar, NumberDataViewType.UInt32, isKey: true),
        Internals.Promise(ScoreColumnKind, VectorKind.Scalar, TextDataViewType.Instance),
        Internals.Promise(ScoreValueKind, VectorKind.Scalar, TextDataViewType.Instance),
    ];

    private static DataViewSchema.Annotations.Builder Common(uint set, bool isMultilabel, string valueKind)
    {
        DataViewSchema.Annotations.Builder annotations = new();
        annotations.Add(ScoreColumnSetId, SetIdType, (ref uint value) => value = set);
        annotations.Add(ScoreColumnKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = (isMultilabel ? "MultilabelClassification" : "MulticlassClassification").AsMemory());
        annotations.Add(ScoreValueKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = valueKind.AsMemory());
        return annotations;
    }

    /// <summary>One more than the largest there is, so that the columns of two scorers can be told apart.</summary>
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
