using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Detection.Networks;

/// <summary>
/// Feature pyramid (Lin et al. 2017, "Feature Pyramid Networks for Object Detection"): maps with the same number of channels at the strides 8 to 128, P3 to P7,
/// from the last three stages of a body. P6 is a convolution of P5 with stride 2, as in torchvision 0.14's <c>retinanet_resnet50_fpn</c>; the paper takes it
/// from C5.
/// </summary>
internal sealed class FeaturePyramid : nn.Module
{
    // PyTorch's names. The lists are not registered.
    private readonly Sequential inner_blocks;
    private readonly Sequential layer_blocks;
    private readonly Sequential extra_blocks;
    private readonly List<Conv2d> _inner = [];
    private readonly List<Conv2d> _outer = [];
    private readonly List<Conv2d> _extra = [];

    /// <param name="inputs">The channels of the stages at the strides 8, 16 and 32.</param>
    /// <param name="channels">The channels of every level.</param>
    public FeaturePyramid(IReadOnlyList<int> inputs, int channels)
        : base(nameof(FeaturePyramid))
    {
        _inner.AddRange(inputs.Select(input => WeightLayers.Conv2d(input, channels, 1)));
        _outer.AddRange(inputs.Select(_ => WeightLayers.Conv2d(channels, channels, 3, padding: 1)));
        _extra.AddRange(Enumerable.Range(0, 2).Select(_ => WeightLayers.Conv2d(channels, channels, 3, stride: 2, padding: 1)));
        (inner_blocks, layer_blocks) = (Nested(_inner), Nested(_outer));
        extra_blocks = nn.Sequential(("p6", _extra[0]), ("p7", _extra[1]));
        RegisterComponents();
    }

    /// <summary>The levels P3 to P7, [N,channels,h,w] each, from the feature maps C3, C4 and C5.</summary>
    public IReadOnlyList<Tensor> Levels(IReadOnlyList<Tensor> stages)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] levels = new Tensor[stages.Count + 2];
        Tensor? above = null;
        for (int i = stages.Count - 1; i >= 0; i--)
        {
            Tensor lateral = _inner[i].call(stages[i]);
            above = above is null ? lateral : lateral.Add(nn.functional.interpolate(above, lateral.shape[2..], mode: InterpolationMode.Nearest));
            levels[i] = _outer[i].call(above);
        }

        levels[^2] = _extra[0].call(levels[^3]);
        levels[^1] = _extra[1].call(nn.functional.relu(levels[^2]));
        return [.. levels.Select(level => level.MoveToOuterDisposeScope())];
    }

    /// <summary>Initializes the weights as torchvision does: uniform in +-sqrt(3 / fan in), bias 0.</summary>
    public void InitializeWeights(RandomStream random)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach (Conv2d convolution in _inner.Concat(_outer).Concat(_extra))
        {
            long[] shape = convolution.weight!.shape; // [out,in,kh,kw]
            double bound = Math.Sqrt(3.0 / (shape[1] * shape[2] * shape[3]));
            WeightInitializer.Fill(convolution.weight, () => bound * (2 * random.NextDouble() - 1));
            convolution.bias!.zero_();
        }
    }

    // torchvision wraps each convolution: inner_blocks.0.0.weight.
    private static Sequential Nested(IEnumerable<Conv2d> convolutions) =>
        nn.Sequential(convolutions.Select(convolution => (nn.Module<Tensor, Tensor>)nn.Sequential(convolution)).ToArray());
}
