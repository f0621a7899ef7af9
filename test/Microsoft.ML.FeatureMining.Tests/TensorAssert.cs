using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>Compares tensors and reads their values.</summary>
internal static class TensorAssert
{
    /// <summary>The values of a tensor as floats, row by row, for any memory layout.</summary>
    public static float[] Values(Tensor value)
    {
        using DisposeScope scope = NewDisposeScope();
        // TorchSharp cannot read an empty tensor.
        return value.numel() == 0 ? [] : value.detach().cpu().to(ScalarType.Float32).contiguous().data<float>().ToArray();
    }

    public static double L2(IEnumerable<float> values) => Math.Sqrt(values.Sum(value => (double)value * value));

    /// <summary>Asserts that the L2 norm of the difference is at most <paramref name="tolerance"/> times the L2 norm of the expected values.</summary>
    public static void CloseValues(IReadOnlyList<float> expected, IReadOnlyList<float> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Count, actual.Count);
        double difference = L2(expected.Zip(actual, (e, a) => e - a));
        Assert.True(
            difference <= tolerance * L2(expected),
            $"{what}: the L2 norm of the difference is {difference:g3}, that of the expected values is {L2(expected):g3}."
        );
    }

    public static void Close(Tensor expected, Tensor actual, double tolerance, string what)
    {
        Assert.Equal(expected.shape, actual.shape);
        CloseValues(Values(expected), Values(actual), tolerance, what);
    }

    public static void SameBits(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.Equal(Values(expected).Select(BitConverter.SingleToInt32Bits), Values(actual).Select(BitConverter.SingleToInt32Bits));
    }
}
