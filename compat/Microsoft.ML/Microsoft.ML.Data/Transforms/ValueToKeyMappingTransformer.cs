using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(
    typeof(ValueToKeyMappingTransformer),
    typeof(ValueToKeyMappingTransformer),
    null,
    typeof(SignatureLoadModel),
    "Values to keys",
    ValueToKeyMappingTransformer.Signature)]

namespace Microsoft.ML.Transforms;

/// <summary>Numbers the values of columns.</summary>
public sealed class ValueToKeyMappingTransformer : OneToOneTransformerBase
{
    internal const string Signature = "TermTransform";

    private readonly TermMap[] _maps;
    private readonly bool _annotationsAsText;

    internal ValueToKeyMappingTransformer(IHostEnvironment env, InputOutputColumnPair[] columns, TermMap[] maps, bool annotationsAsText)
        : base(env.Register(nameof(ValueToKeyMappingTransformer)), columns)
    {
        _maps = maps;
        _annotationsAsText = annotationsAsText;
    }

    internal static ValueToKeyMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(SavedAs.Version("TERMTRAN", Signature));
        InputOutputColumnPair[] columns = InputOutputColumnPair.Read(ctx.Reader);
        TermMap[] maps = [.. columns.Select(_ => TermMap.Read(ctx.Reader))];
        return new ValueToKeyMappingTransformer(env, columns, maps, ctx.Reader.ReadBoolean());
    }

    private protected override OutputColumn Added(int pair, DataViewSchema.Column input)
    {
        TermMap map = _maps[pair];
        DataViewType item = ColumnTypes.ItemOf(input.Type);
        Host.Check(map.ItemType.Equals(item), $"Could not apply a map over type '{map.ItemType}' to column '{Pairs[pair].OutputColumnName}' since it has type '{item}'");
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(input.Annotations, name => name == AnnotationUtils.Kinds.SlotNames);
        map.AddKeyValues(annotations, input, _annotationsAsText);
        DataViewType type = input.Type is VectorDataViewType vector ? new VectorDataViewType(map.KeyType, vector.Dimensions) : map.KeyType;
        return new OutputColumn(
            new DataViewSchema.DetachedColumn(Pairs[pair].OutputColumnName, type, annotations.ToAnnotations()),
            [input.Index],
            row => map.Keys(row, input));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(SavedAs.Version("TERMTRAN", Signature));
        InputOutputColumnPair.Write(ctx.Writer, Pairs);
        foreach (TermMap map in _maps)
            map.Write(ctx.Writer);
        ctx.Writer.Write(_annotationsAsText);
    }
}
