using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Folds BatchNorm at rest into the convolution before it: w' = w * gamma / sqrt(var + eps), b' = beta + (b - mean) * gamma / sqrt(var + eps).
/// </summary>
internal static class BatchNormFolding
{
    public static void Fold(LayerFactory source, LayerFactory target)
    {
        using IDisposable noGrad = no_grad();
        foreach (((Conv2d from, BatchNorm2d? norm, double epsilon), (Conv2d to, _, _)) in source.Pairs.Zip(target.Pairs))
        {
            using DisposeScope scope = NewDisposeScope();
            (Parameter weight, Parameter bias) = nn.utils.fuse_conv_bn_weights(
                from.weight, from.bias, norm!.running_mean!, norm.running_var!, epsilon, norm.weight, norm.bias);
            to.weight.copy_(weight);
            to.bias!.copy_(bias);
        }
    }
}
