using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// Initializes weights: kernels from N(0, 2 / (out * kh * kw)) as in He et al. 2015 (fan out), BatchNorm scale 1 and shift 0, fully connected layers uniform
/// in +-1/sqrt(in). Uses the random stream of the run, not the global generator, so that concurrent Fits are independent.
/// </summary>
internal static class WeightInitializer
{
    public static void Initialize(nn.Module module, RandomStream random)
    {
        using IDisposable noGrad = no_grad();
        // TorchSharp's modules() does not include the module itself, and a strategy may add a single layer.
        foreach (nn.Module part in module.modules().Prepend(module))
        {
            using DisposeScope scope = NewDisposeScope();
            switch (part)
            {
                case Conv2d convolution:
                    long[] shape = convolution.weight!.shape; // [out, in / groups, kh, kw]
                    double std = Math.Sqrt(2.0 / (shape[0] * shape[2] * shape[3]));
                    Fill(convolution.weight, () => std * random.NextGaussian());
                    convolution.bias?.zero_();
                    break;
                case Linear linear:
                    double bound = 1 / Math.Sqrt(linear.weight!.shape[1]); // [out, in]
                    Fill(linear.weight, () => bound * (2 * random.NextDouble() - 1));
                    if (linear.bias is { } bias)
                    {
                        Fill(bias, () => bound * (2 * random.NextDouble() - 1));
                    }

                    break;
            }
        }
    }

    /// <summary>Sets the values of a tensor one by one. Gradients must be disabled.</summary>
    public static void Fill(Tensor target, Func<double> draw)
    {
        float[] values = new float[target.shape.Aggregate(1L, (product, size) => product * size)];
        foreach (ref float value in values.AsSpan())
        {
            value = (float)draw();
        }

        target.copy_(tensor(values, target.shape, device: CPU));
    }
}
