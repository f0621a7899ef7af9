using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Explaining;

/// <summary>What a model is made of.</summary>
internal static class ModelParts
{
    /// <summary>The image classifier of a model, which may be a chain around it.</summary>
    /// <exception cref="ArgumentException">The model has none, or more than one.</exception>
    public static ImageClassificationTransformer ClassifierOf(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ImageClassificationTransformer[] classifiers = [.. PartsOf(model).OfType<ImageClassificationTransformer>()];
        return classifiers.Length == 1
            ? classifiers[0]
            : throw new ArgumentException($"The model has {classifiers.Length} image classifiers; it takes exactly one.", nameof(model));
    }

    /// <summary>The same model with another classifier, or ensemble of them, in the place of its own.</summary>
    public static ITransformer Replace(ITransformer model, Func<ITransformer, ITransformer> replace) => model is IEnumerable<ITransformer> chain
        ? new TransformerChain<ITransformer>([.. chain.Select(part => Replace(part, replace))])
        : replace(model);

    private static IEnumerable<ITransformer> PartsOf(ITransformer model) => model is IEnumerable<ITransformer> chain ? chain.SelectMany(PartsOf) : [model];
}
