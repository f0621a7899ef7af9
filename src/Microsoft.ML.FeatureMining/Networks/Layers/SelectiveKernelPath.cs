using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>Convolution, BatchNorm, ReLU and, where the stride was taken from the convolution, a blur pool; under timm's names.</summary>
internal sealed class SelectiveKernelPath : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> conv;
    private readonly nn.Module<Tensor, Tensor> bn;
    private readonly BlurPool? aa;

    public SelectiveKernelPath((nn.Module<Tensor, Tensor> Convolution, nn.Module<Tensor, Tensor> Norm) pair, bool blur)
        : base(nameof(SelectiveKernelPath))
    {
        (conv, bn) = pair;
        aa = blur ? new BlurPool() : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = bn.call(conv.call(input)).relu_();
        return (aa?.call(output) ?? output).MoveToOuterDisposeScope();
    }
}
