using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>The classifier of a network, from the features of the last stage to logits: <see cref="Embed"/> pools them, <c>forward</c> classifies the embedding.</summary>
/// <remarks>To train a head of your own, derive from this class and give it a key with <see cref="HeadCatalog.Register"/>; what <see cref="Backbone"/> says of modules holds here too.</remarks>
public abstract class Head : nn.Module<Tensor, Tensor>
{
    private readonly Func<Tensor, Tensor> _pool;

    /// <summary>A head whose embedding is the mean over all positions (global average pooling), unless it overrides <see cref="Embed"/>.</summary>
    /// <param name="name">The name of the module.</param>
    protected Head(string name)
        : this(name, ImageNetwork.Pool)
    {
    }

    private protected Head(string name, Func<Tensor, Tensor> pool)
        : base(name) => _pool = pool;

    /// <summary>From the features [N,C,h,w] of the last stage to the embedding [N,E], which the classifier takes.</summary>
    public virtual Tensor Embed(Tensor features) => _pool(features);

    /// <summary>The weights [K,C] of a head that is linear in the mean of the features over all positions, by which a class activation map weighs channels; null for any other head.</summary>
    protected internal virtual Tensor? ClassWeights() => null;

    /// <summary>Draws the initial weights, as <see cref="Backbone.InitializeWeights"/> does.</summary>
    /// <param name="random">The stream of the Fit's initial weights.</param>
    protected internal virtual void InitializeWeights(RandomStream random) => WeightInitializer.Initialize(this, random);

    /// <summary>From the embedding [N,E] to the logits, and to what the criterion is applied to. Scoring calls <c>forward</c>, which must give the same logits.</summary>
    public virtual HeadOutput Classify(Tensor embedding)
    {
        Tensor logits = call(embedding);
        return new HeadOutput(logits, [logits]);
    }
}

/// <summary>What a head says of a batch.</summary>
/// <param name="Logits">[N,K], the network's output.</param>
/// <param name="Supervised">Logits [N,K] that the criterion is applied to, its values being averaged: the output alone, or that of each of several classifiers that are trained on their own.</param>
public sealed record HeadOutput(Tensor Logits, IReadOnlyList<Tensor> Supervised);
