using Microsoft.ML;
using Microsoft.ML.FeatureMining;

namespace Samples;

/// <summary>The network within a model.</summary>
internal static class TrainedNetwork
{
    /// <exception cref="ArgumentException">The model has not exactly one image classifier.</exception>
    public static ImageClassificationModel Of(ITransformer model)
    {
        IEnumerable<ITransformer> parts = model is IEnumerable<ITransformer> chain ? chain : [model];
        return parts.OfType<ImageClassificationTransformer>().ToArray() is [{ } classifier] ? classifier.Model : throw new ArgumentException("That is no model of one image classifier.");
    }
}
