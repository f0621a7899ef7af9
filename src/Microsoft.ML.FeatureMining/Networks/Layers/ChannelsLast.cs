using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Converts tensors to channels_last (NHWC strides, NCHW shape), so that convolutions need not reorder their operands. TorchSharp has no memory_format
/// argument, but a permuted copy has the same strides, and convolution, BatchNorm, ReLU and addition preserve them.
/// </summary>
internal static class ChannelsLast
{
    public static Tensor Of(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>Converts all convolution kernels of a module; gradients and optimizer state get the same layout.</summary>
    public static void Apply(nn.Module module)
    {
        using IDisposable noGrad = no_grad();
        foreach (Parameter parameter in module.parameters().Where(p => p.ndim == 4))
        {
            using DisposeScope scope = NewDisposeScope();
            parameter.set_(Of(parameter));
        }
    }
}
