using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>Draws a training image of the same class for each image of a batch, and computes the network's logits for them.</summary>
internal sealed class ClassPartners(ImageSet train, TrainingComponents parts, TrainingRecipe recipe, RandomStreams random)
{
    private readonly Lazy<ILookup<int, int>> _imagesOf = new(() => Enumerable.Range(0, train.Count).ToLookup(image => train.Labels[image]));

    /// <summary>Draws a random image of the class of each label, uniformly.</summary>
    public int[] Draw(IReadOnlyList<long> labels, RandomStream draws) =>
        [
            .. labels.Select(label =>
            {
                IEnumerable<int> images = _imagesOf.Value[(int)label];
                return images.ElementAt(draws.NextInt(images.Count()));
            }),
        ];

    /// <summary>
    /// The logits [N,K] of images chosen by <see cref="Draw"/>, augmented like any other. They go through the network as a separate batch, without gradient, in
    /// training mode: BatchNorm uses the statistics of this batch and updates its running statistics. Strategies do not see the stages of this pass.
    /// </summary>
    public Tensor Logits(IReadOnlyList<long> labels, RandomStream draws, ImageShape size)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using HostBatch loaded = train.Read([Draw(labels, draws)]).Single();
        return parts.LogitsOf(parts.Input.Of(loaded, recipe.Augmentations, random, size)).MoveToOuterDisposeScope();
    }
}
