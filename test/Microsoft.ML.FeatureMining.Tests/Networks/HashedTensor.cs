using Microsoft.ML.FeatureMining.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>Computes the weights and the sketches of tensors as test/Goldens/make_backbones.py does, so that they need not be stored.</summary>
internal static class HashedTensor
{
    public const int SketchLength = 8;

    /// <summary>Kernels and matrices within +-sqrt(3 / inputs), other weights and variances around 1, biases and means around 0.</summary>
    public static float[] Fill(string name, long[] shape)
    {
        double scale =
            shape.Length > 1 ? Math.Sqrt(3.0 / shape.Skip(1).Aggregate(1L, (product, size) => product * size))
            : name.EndsWith("weight", StringComparison.Ordinal) ? 0.25
            : name.EndsWith("running_var", StringComparison.Ordinal) ? 0.5
            : 0.2;
        double middle =
            shape.Length == 1 && (name.EndsWith("weight", StringComparison.Ordinal) || name.EndsWith("running_var", StringComparison.Ordinal)) ? 1 : 0;
        float[] values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        ulong start = Fnv1a(name);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(middle + scale * ((Word(start, i) >> 40) / (double)(1 << 23) - 1));
        }

        return values;
    }

    /// <summary>Sets all floating-point tensors of a network.</summary>
    public static void Fill(ImageNetwork network) => Fill(network.NamedState());

    /// <summary>Sets all floating-point tensors.</summary>
    public static void Fill(IEnumerable<(string Name, Tensor Value)> state)
    {
        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor value) in state.Where(entry => entry.Value.dtype != ScalarType.Int64))
        {
            using DisposeScope scope = NewDisposeScope();
            value.copy_(tensor(Fill(name, value.shape), value.shape));
        }
    }

    /// <summary>A sketch of a tensor: eight sums of all values with random signs.</summary>
    public static double[] Sketch(Tensor value)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] all = value.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
        double[] sums = new double[SketchLength];
        ulong start = Fnv1a("sketch");
        for (int i = 0; i < all.Length; i++)
        {
            ulong word = Word(start, i);
            for (int k = 0; k < SketchLength; k++)
            {
                // Sets the sign bit without a branch.
                sums[k] += BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(all[i]) ^ (long)((~word >> k) << 63));
            }
        }

        return sums;
    }

    private static ulong Word(ulong start, int index)
    {
        ulong z = start + (ulong)(index + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static ulong Fnv1a(string text) => text.Aggregate(14695981039346656037, (hash, character) => (hash ^ character) * 1099511628211);
}
