using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Folds BatchNorm at rest into the convolution before it: w' = w * gamma / sqrt(var + eps), b' = beta - mean * gamma / sqrt(var + eps).
/// </summary>
internal static class BatchNormFolding
{
    private const double Epsilon = 1e-5;

    public static void Fold(LayerFactory source, LayerFactory target)
    {
        using IDisposable noGrad = no_grad();
        foreach (((Conv2d from, BatchNorm2d? norm), (Conv2d to, _)) in source.Pairs.Zip(target.Pairs))
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor scale = norm!.weight! / (norm.running_var! + Epsilon).sqrt();                    // [C]
            to.weight!.copy_(from.weight! * scale.view(-1, 1, 1, 1));
            to.bias!.copy_(norm.bias! - norm.running_mean! * scale);
        }
    }
}
