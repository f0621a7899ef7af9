using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// A convolutional network without its classifier, cut into a stem and stages that a training strategy can address.
/// Submodules carry PyTorch's state_dict names, so torchvision's and timm's weights load as they are.
/// </summary>
public abstract class Backbone : nn.Module<Tensor, Tensor>
{
    /// <summary>Names the module.</summary>
    protected Backbone(string name)
        : base(name)
    {
    }

    /// <summary>Channels of each stage's output, first to last; their number is the number of stages.</summary>
    public abstract IReadOnlyList<int> StageChannels { get; }

    /// <summary>From normalized images [N,C,H,W] to the input of the first stage.</summary>
    public abstract Tensor Stem(Tensor images);

    /// <summary>From the output of stage <paramref name="index"/> - 1 (of the stem for 0) to the output of stage <paramref name="index"/>, [N,StageChannels[index],h,w].</summary>
    public abstract Tensor Stage(int index, Tensor input);

    /// <summary>The modules of the stem, then those of each stage; freezing asks for them.</summary>
    internal virtual IReadOnlyList<IReadOnlyList<nn.Module>> Parts => throw new NotSupportedException($"{GetName()} does not say which layers belong to which stage.");

    /// <summary>The key of the head that this family comes with.</summary>
    internal virtual string OwnHead => "linear";

    /// <summary>What PyTorch's model of this family calls its fully connected layer.</summary>
    internal virtual string ClassifierName => "fc";

    /// <summary>The dropout before that layer.</summary>
    internal virtual double ClassifierDropout => 0;

    /// <summary>Takes the stem and the first stages out of training: their weights stay as they are. <see cref="Rest"/> stops their running statistics.</summary>
    internal void Freeze(int stages)
    {
        foreach (Parameter parameter in First(stages).SelectMany(module => module.parameters()))
        {
            parameter.requires_grad = false;
        }
    }

    /// <summary>Puts the stem and the first stages in evaluation mode: BatchNorm normalizes by its running statistics and leaves them, nothing is dropped. <c>train()</c> undoes it.</summary>
    internal void Rest(int stages)
    {
        foreach (nn.Module module in First(stages))
        {
            module.eval();
        }
    }

    /// <summary>All stages in order: the features before pooling.</summary>
    public sealed override Tensor forward(Tensor images)
    {
        Tensor features = Stem(images);
        for (int i = 0; i < StageChannels.Count; i++)
        {
            features = Stage(i, features);
        }

        return features;
    }

    private IEnumerable<nn.Module> First(int stages)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stages);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stages, StageChannels.Count);
        return Parts.Take(stages + 1).SelectMany(part => part);
    }
}
