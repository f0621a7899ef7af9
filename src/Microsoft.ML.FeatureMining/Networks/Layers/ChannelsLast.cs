using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Lays tensors out as NHWC under their NCHW shape (channels_last), the layout in which convolutions run without reordering their operands. TorchSharp takes no memory_format, but the strides of a
/// permuted copy say the same, and they are kept through convolution, BatchNorm, ReLU and addition.
/// </summary>
internal static class ChannelsLast
{
    public static Tensor Of(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>Lays out all kernels of a module; gradients and the optimizer's state follow.</summary>
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
