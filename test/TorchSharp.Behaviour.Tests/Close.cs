namespace TorchSharp.Behaviour.Tests;

internal static class Close
{
    /// <summary>Equal shapes and, within the tolerance, values.</summary>
    internal static void Same(Tensor expected, Tensor actual, double tolerance = 1e-5)
    {
        Assert.Equal(expected.shape, actual.shape);
        To(expected.to(ScalarType.Float64).contiguous().data<double>().ToArray(), actual, tolerance);
    }

    /// <summary>The same values in the order of the indices.</summary>
    internal static void To(IReadOnlyList<double> expected, Tensor actual, double tolerance = 1e-5)
    {
        double[] values = actual.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
        Assert.Equal(expected.Count, values.Length);
        for (int i = 0; i < values.Length; i++) Assert.Equal(expected[i], values[i], tolerance);
    }
}
