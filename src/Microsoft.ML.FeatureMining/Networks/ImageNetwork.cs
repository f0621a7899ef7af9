using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>Backbone and head: from normalized images [N,C,H,W] to logits [N,K].</summary>
public sealed class ImageNetwork : nn.Module<Tensor, Tensor>
{
    private readonly Backbone backbone;
    private readonly Head head;

    /// <summary>Joins a backbone and a head; the network owns both from here on.</summary>
    public ImageNetwork(Backbone backbone, Head head)
        : base(nameof(ImageNetwork))
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(head);
        this.backbone = backbone;
        this.head = head;
        RegisterComponents();
    }

    /// <summary>The part before pooling.</summary>
    public Backbone Backbone => backbone;

    /// <summary>The classifier.</summary>
    public Head Head => head;

    /// <summary>Features [N,C,h,w] to [N,C]: the mean over all positions.</summary>
    public static Tensor Pool(Tensor features) => features.mean(new long[] { 2, 3 });

    /// <inheritdoc/>
    public override Tensor forward(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return head.call(head.Embed(backbone.call(images))).MoveToOuterDisposeScope();
    }

    /// <summary>Puts every BatchNorm of the backbone at rest: it normalizes by its running statistics and leaves them. <c>train()</c> undoes it.</summary>
    internal void RestNorms()
    {
        foreach (BatchNorm2d norm in backbone.modules().OfType<BatchNorm2d>())
        {
            norm.eval();
        }
    }

    /// <summary>Gives the stream that dropout, stochastic depth and their like draw from while training.</summary>
    internal void DrawFrom(RandomStream random)
    {
        foreach (RandomLayer layer in modules().OfType<RandomLayer>())
        {
            layer.Random = random;
        }
    }

    /// <summary>Parameters and buffers under PyTorch's names: those of the backbone and of the head, side by side.</summary>
    internal IEnumerable<(string Name, Tensor Value)> NamedState() => Named(backbone).Concat(Named(head));

    private static IEnumerable<(string, Tensor)> Named(nn.Module module) => module.state_dict().Select(entry => (entry.Key, entry.Value));
}
