using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>What turns the last stage's features into logits: <see cref="Embed"/> pools them, the module's own call classifies what was pooled.</summary>
public abstract class Head : nn.Module<Tensor, Tensor>
{
    private readonly Func<Tensor, Tensor> _pool;

    /// <summary>Names the module; its embedding is the mean over all positions.</summary>
    protected Head(string name)
        : this(name, ImageNetwork.Pool)
    {
    }

    private protected Head(string name, Func<Tensor, Tensor> pool)
        : base(name) => _pool = pool;

    /// <summary>From the features [N,C,h,w] of the last stage to the embedding [N,E], which the classifier takes.</summary>
    public virtual Tensor Embed(Tensor features) => _pool(features);

    /// <summary>The weights [K,C] of a head that is linear in the mean of the features over all positions, by which a class activation map weighs channels; null for any other head.</summary>
    internal virtual Tensor? ClassWeights() => null;

    /// <summary>From the embedding [N,E] to the logits, and to what the criterion is applied to.</summary>
    public virtual HeadOutput Classify(Tensor embedding)
    {
        Tensor logits = call(embedding);
        return new HeadOutput(logits, [logits]);
    }
}
