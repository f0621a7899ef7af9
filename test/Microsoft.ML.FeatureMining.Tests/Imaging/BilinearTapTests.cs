using Microsoft.ML.FeatureMining.Imaging;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Imaging;

/// <summary>Bilinear positions against PyTorch's interpolate with align_corners=False.</summary>
public sealed class BilinearTapTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(4, 4)]
    [InlineData(7, 19)]
    [InlineData(19, 7)]
    [InlineData(56, 224)]
    public void Of_AnySizes_BlendsAsPyTorch(int from, int to)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] values = [.. Enumerable.Range(0, from).Select(i => i * i % 11.0)];

        BilinearTap[] taps = [.. Enumerable.Range(0, to).Select(i => BilinearTap.Of(i, from, to))];

        double[] blended = [.. taps.Select(tap => values[tap.First] + (values[tap.Second] - values[tap.First]) * tap.Weight)];
        Tensor expected = nn.functional.interpolate(tensor(values, [1, 1, from]), [to], mode: InterpolationMode.Linear, align_corners: false);
        Assert.All(expected.data<double>().Zip(blended), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
        Assert.All(taps, tap => Assert.InRange(tap.Second, 0, from - 1));
    }
}
