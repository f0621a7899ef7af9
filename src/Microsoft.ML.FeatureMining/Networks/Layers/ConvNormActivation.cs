using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>Convolution, BatchNorm, activation and what follows, numbered as torchvision numbers them: "0" is the convolution, "1" the BatchNorm.</summary>
internal static class ConvNormActivation
{
    public static Sequential Of((nn.Module<Tensor, Tensor> Convolution, nn.Module<Tensor, Tensor> Norm) pair, params nn.Module<Tensor, Tensor>[] after) =>
        nn.Sequential([pair.Convolution, pair.Norm, .. after]);
}
