using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(
    typeof(TransformerChain<ITransformer>), typeof(TransformerChainFormat), null, typeof(SignatureLoadModel), "Transformer chain", TransformerChainFormat.Signature)]

namespace Microsoft.ML.Data;

/// <summary>A chain in a model: the number of transformers, each one's scope, and each in a folder of its own.</summary>
internal static class TransformerChainFormat
{
    public const string Signature = "TransformerChain";

    public static void Save(ModelSaveContext ctx, ITransformer[] transformers, TransformerScope[] scopes)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(SavedAs.Version("XF CHAIN", Signature));
        ctx.Writer.Write(transformers.Length);
        for (int i = 0; i < transformers.Length; i++)
        {
            ctx.Writer.Write((int)scopes[i]);
            ctx.SaveModel(transformers[i], Folder(i));
        }
    }

    private static TransformerChain<ITransformer> Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(SavedAs.Version("XF CHAIN", Signature));
        (ITransformer Transformer, TransformerScope Scope)[] links = ArrayFormat.Read(ctx.Reader, i =>
        {
            var scope = (TransformerScope)ctx.Reader.ReadInt32();
            ctx.LoadModel<ITransformer, SignatureLoadModel>(env, out ITransformer transformer, Folder(i));
            return (transformer, scope);
        });
        return new TransformerChain<ITransformer>([.. links.Select(link => link.Transformer)], [.. links.Select(link => link.Scope)]);
    }

    private static string Folder(int i) => $"Transform_{i:000}";
}
