using Microsoft.ML.FeatureMining.Native;
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
        foreach (((Conv2d from, BatchNormLayer? norm, double epsilon), (Conv2d to, _, _)) in source.Pairs.Zip(target.Pairs))
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor scale = norm!.weight! / norm.running_var!.Add(epsilon).sqrt();                    // [C]
            Tensor mean = from.bias is { } bias ? norm.running_mean! - bias : norm.running_mean!;
            to.weight!.copy_(from.weight! * scale.view(-1, 1, 1, 1));
            to.bias!.copy_(norm.bias! - mean * scale);
        }
    }
}
