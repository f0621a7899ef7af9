using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>Two convolutions of receptive fields 3 and 5, and the attention that joins them; under timm's names.</summary>
internal sealed class SelectiveKernel : nn.Module<Tensor, Tensor>
{
    private readonly ModuleList<nn.Module<Tensor, Tensor>> paths;
    private readonly SelectiveKernelAttention attn;

    public SelectiveKernel(int channels, int stride, int groups, SelectiveKernelKind kind, LayerFactory layers)
        : base(nameof(SelectiveKernel))
    {
        int inner = kind.Blurred ? 1 : stride;
        bool blur = kind.Blurred && stride > 1;
        paths = kind.Depthwise
            ? nn.ModuleList<nn.Module<Tensor, Tensor>>(
                new SelectiveKernelPath(layers.ConvNorm(channels, channels, kernel: 3, inner, channels), blur),
                new SelectiveKernelPath(layers.ConvNorm(channels, channels, kernel: 5, inner, channels), blur))
            : nn.ModuleList<nn.Module<Tensor, Tensor>>(
                new SelectiveKernelPath(layers.ConvNorm(channels, channels, kernel: 3, inner, groups), blur),
                new SelectiveKernelPath(layers.ConvNorm(channels, channels, kernel: 3, inner, groups, dilation: 2), blur));
        attn = new SelectiveKernelAttention(channels, layers);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        return attn.call(paths[0].call(input), paths[1].call(input)).MoveToOuterDisposeScope();
    }
}
