using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>The skip of a residual block.</summary>
internal static class Skip
{
    /// <summary>A 1x1 convolution with BatchNorm where the shape changes; null where the input itself will do.</summary>
    public static Sequential? Projection(int input, int output, int stride, LayerFactory layers)
    {
        if (stride == 1 && input == output)
        {
            return null;
        }

        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(input, output, kernel: 1, stride);
        return nn.Sequential(convolution, norm);
    }

    /// <summary>The same with the stride in a mean before the convolution (He et al. 2019, "Bag of Tricks", figure 2c).</summary>
    public static Sequential? AveragedProjection(int input, int output, int stride, LayerFactory layers)
    {
        if (stride == 1 && input == output)
        {
            return null;
        }

        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(input, output, kernel: 1);
        nn.Module<Tensor, Tensor> mean = stride == 1 ? nn.Identity() : nn.AvgPool2d(stride, stride, ceil_mode: true, count_include_pad: false);
        return nn.Sequential(mean, convolution, norm);
    }
}
