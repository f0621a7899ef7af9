using Microsoft.ML;
using Microsoft.ML.FeatureMining;

namespace Samples;

/// <summary>The network within a model.</summary>
internal static class TrainedNetwork
{
    /// <param name="model">The model.</param>
    /// <param name="name">What it is called in the message.</param>
    /// <exception cref="ArgumentException">The model has not exactly one image classifier.</exception>
    public static ImageClassificationModel Of(ITransformer model, string name = "the model")
    {
        IEnumerable<ITransformer> parts = model is IEnumerable<ITransformer> chain ? chain : [model];
        return parts.OfType<ImageClassificationTransformer>().ToArray() is [{ } classifier] ? classifier.Model : throw new ArgumentException($"'{name}' is no model of one image classifier.");
    }
}
