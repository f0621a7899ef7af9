using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>For each image of a batch one of its class, and what the network in training makes of them.</summary>
internal sealed class ClassPartners(ImageSet train, TrainingComponents parts, TrainingRecipe recipe, RandomStreams random)
{
    private readonly Lazy<ILookup<int, int>> _imagesOf = new(() => Enumerable.Range(0, train.Count).ToLookup(image => train.Labels[image]));

    /// <summary>For each label an image of that class, each as likely.</summary>
    public int[] Draw(IReadOnlyList<long> labels, RandomStream draws) => [.. labels.Select(label =>
    {
        IEnumerable<int> images = _imagesOf.Value[(int)label];
        return images.ElementAt(draws.NextInt(images.Count()));
    })];

    /// <summary>
    /// The logits [N,K] of images that <see cref="Draw"/> chose, augmented like any other. They go through the network by themselves, without gradient: BatchNorm normalizes by
    /// their statistics and counts them in its running ones. Strategies do not see the stages of this pass.
    /// </summary>
    public Tensor Logits(IReadOnlyList<long> labels, RandomStream draws)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using HostBatch loaded = train.Read([Draw(labels, draws)]).Single();
        ImageNetwork network = parts.Network;
        Tensor features = network.Backbone.call(parts.Input.Of(loaded, recipe.Augmentations, random));
        return network.Head.Classify(network.Head.Embed(features)).Logits.MoveToOuterDisposeScope();
    }
}
