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
}
