using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(
    typeof(ColumnCopyingTransformer), typeof(ColumnCopyingTransformer), null, typeof(SignatureLoadModel), "Copy columns", ColumnCopyingTransformer.Signature)]

namespace Microsoft.ML.Transforms;

/// <summary>Columns under another name.</summary>
public sealed class ColumnCopyingTransformer : OneToOneTransformerBase
{
    internal const string Signature = "CopyTransform";

    internal ColumnCopyingTransformer(IHostEnvironment env, InputOutputColumnPair[] columns)
        : base(env.Register(nameof(ColumnCopyingTransformer)), columns)
    {
    }

    internal InputOutputColumnPair[] Columns => Pairs;

    internal static ColumnCopyingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(SavedAs.Version("COPYCOLT", Signature));
        return new ColumnCopyingTransformer(env, InputOutputColumnPair.Read(ctx.Reader));
    }

    private protected override OutputColumn Added(int pair, DataViewSchema.Column input) => new(
        new DataViewSchema.DetachedColumn(Pairs[pair].OutputColumnName, input.Type, input.Annotations),
        [input.Index],
        row => Getters.Of(row, input));

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(SavedAs.Version("COPYCOLT", Signature));
        InputOutputColumnPair.Write(ctx.Writer, Pairs);
    }
}
