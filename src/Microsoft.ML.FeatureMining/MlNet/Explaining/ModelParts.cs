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

    /// <summary>The networks of a model, and the share of each in its score: of one image classifier, or of one ensemble.</summary>
    /// <exception cref="ArgumentException">The model has neither, or more than one.</exception>
    public static IReadOnlyList<(ImageClassificationTransformer Network, double Share)> NetworksOf(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return PartsOf(model).OfType<ImageEnsembleTransformer>().ToArray() is [var ensemble] && !PartsOf(model).OfType<ImageClassificationTransformer>().Any()
            ? [.. ensemble.Networks.Zip(ensemble.Weights, (network, weight) => (network, weight / ensemble.Weights.Sum()))]
            : [(ClassifierOf(model), 1.0)];
    }

    /// <summary>The same model with another classifier, or ensemble of them, in the place of its own.</summary>
    public static ITransformer Replace(ITransformer model, Func<ITransformer, ITransformer> replace) => model is IEnumerable<ITransformer> chain
        ? new TransformerChain<ITransformer>([.. chain.Select(part => Replace(part, replace))])
        : replace(model);

    private static IEnumerable<ITransformer> PartsOf(ITransformer model) => model is IEnumerable<ITransformer> chain ? chain.SelectMany(PartsOf) : [model];
}
