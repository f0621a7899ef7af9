using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>What stands before the stages of a residual network: a convolution (or three), its BatchNorm, ReLU, and a pool.</summary>
/// <param name="Convolution">Under the name <c>conv1</c>.</param>
/// <param name="Norm">Under the name <c>bn1</c>.</param>
/// <param name="Pool">After the ReLU.</param>
/// <param name="Channels">That leave the stem.</param>
internal sealed record ResNetStem(nn.Module<Tensor, Tensor> Convolution, nn.Module<Tensor, Tensor> Norm, nn.Module<Tensor, Tensor> Pool, int Channels)
{
    private const int Width = 64;

    /// <summary>7x7 at stride 2 and max pooling (He et al. 2016, table 1); blurred: the max pooling at stride 1 and a <see cref="BlurPool"/>.</summary>
    public static ResNetStem Large(int inputChannels, LayerFactory layers, bool blurred = false)
    {
        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(inputChannels, Width, kernel: 7, stride: 2);
        return new ResNetStem(convolution, norm, blurred ? nn.Sequential(nn.MaxPool2d(3, 1, 1), new BlurPool()) : nn.MaxPool2d(3, 2, 1), Width);
    }

    /// <summary>For images of 32 or 64 pixels: 3x3 at stride 1, no pool.</summary>
    public static ResNetStem Small(int inputChannels, LayerFactory layers)
    {
        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(inputChannels, Width, kernel: 3);
        return new ResNetStem(convolution, norm, nn.Identity(), Width);
    }

    /// <summary>Three 3x3 convolutions instead of the 7x7 (He et al. 2019, "Bag of Tricks", figure 2b), the last twice as wide; for small images at stride 1 and without the pool.</summary>
    public static ResNetStem Deep(int width, bool small, int inputChannels, LayerFactory layers)
    {
        (nn.Module<Tensor, Tensor> first, nn.Module<Tensor, Tensor> norm0) = layers.ConvNorm(inputChannels, width, kernel: 3, small ? 1 : 2);
        (nn.Module<Tensor, Tensor> second, nn.Module<Tensor, Tensor> norm1) = layers.ConvNorm(width, width, kernel: 3);
        (nn.Module<Tensor, Tensor> third, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(width, 2 * width, kernel: 3);
        Sequential convolutions = nn.Sequential(first, norm0, nn.ReLU(), second, norm1, nn.ReLU(), third);
        return new ResNetStem(convolutions, norm, small ? nn.Identity() : nn.MaxPool2d(3, 2, 1), 2 * width);
    }
}
