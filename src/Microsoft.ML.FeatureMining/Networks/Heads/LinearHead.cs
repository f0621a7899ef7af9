using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>One fully connected layer under the name that PyTorch's model of the family gives it, with dropout before it or without.</summary>
internal sealed class LinearHead : Head
{
    // Held by their calls: a field of its own would register the layer under a second name.
    private readonly Func<Tensor, Tensor> _classify;
    private readonly Func<Tensor?> _classWeights;
    private readonly Func<Tensor, Tensor> _drop;

    /// <param name="features">Channels C of the embedding.</param>
    /// <param name="classes">K.</param>
    /// <param name="name">Dots part the names of nested modules, as in <c>classifier.1</c>.</param>
    /// <param name="dropout">The share of features that is dropped while training.</param>
    /// <param name="pool">From features to embedding.</param>
    public LinearHead(int features, int classes, string name, double dropout, Func<Tensor, Tensor> pool)
        : base(nameof(LinearHead), pool)
    {
        Linear linear = nn.Linear(features, classes);
        _classify = linear.call;
        _classWeights = () => pool == ImageNetwork.Pool ? linear.weight : null;
        string[] parts = name.Split('.');
        register_module(parts[0], parts.Skip(1).Reverse().Aggregate((nn.Module)linear, (inner, part) => nn.Sequential((part, (nn.Module<Tensor, Tensor>)inner))));
        // Beside the classifier: a module within it would shift torchvision's numbers.
        StreamDropout drop = new(dropout);
        _drop = drop.call;
        register_module("dropout", drop);
    }

    protected internal override Tensor? ClassWeights() => _classWeights();

    public override Tensor forward(Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        return _classify(_drop(features)).MoveToOuterDisposeScope();
    }
}

/// <summary>"Dual pooling": the mean of average and maximum over all positions (Sun et al. 2020, section 4.3).</summary>
internal static class DualPool
{
    public static Tensor Of(Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        return ImageNetwork.Pool(features).Add(features.amax(2, 3)).Mul(0.5).MoveToOuterDisposeScope();
    }
}
