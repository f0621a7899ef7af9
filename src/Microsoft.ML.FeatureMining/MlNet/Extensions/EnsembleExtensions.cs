using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.MlNet.Explaining;

namespace Microsoft.ML;

/// <summary>Models that score together.</summary>
public static class EnsembleExtensions
{
    /// <summary>
    /// Makes one model of several image classifiers: its Score is the weighted mean of their probabilities. Networks, sizes of pictures and views may differ; classes and their order
    /// may not. The steps around the classifier, such as MapValueToKey and LoadRawImageBytes, and the names of the columns are those of the first model.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="models">Each an <see cref="ImageClassificationTransformer"/> or a chain with one in it. The ensemble scores with their memory: they are disposed of together.</param>
    /// <param name="weights">One a model, above 0; null gives all the same. The priors framework (Sun et al. 2020) gives 3 to its best models and 1 to the rest.</param>
    /// <returns>An <see cref="ImageEnsembleTransformer"/>, in the first model's chain where that is one.</returns>
    /// <exception cref="ArgumentException">The models do not go together; the message says why.</exception>
    public static ITransformer Ensemble(this MulticlassClassificationCatalog catalog, IReadOnlyList<ITransformer> models, IReadOnlyList<double>? weights = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(models);
        ImageEnsembleTransformer ensemble = new([.. models.Select(ModelParts.ClassifierOf)], weights ?? [.. models.Select(_ => 1.0)]);
        return ModelParts.Replace(models[0], part => part is ImageClassificationTransformer ? ensemble : part);
    }
}
