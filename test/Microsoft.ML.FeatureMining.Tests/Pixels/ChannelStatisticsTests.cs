using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Tests.Pixels;

public sealed class ChannelStatisticsTests
{
    [Fact]
    public void Of_TwoChannels_GivesMeanAndPopulationStd()
    {
        ImageSetBuilder builder = new(new ImageShape(2, 1, 2));
        builder.Add([0, 10, 7, 7], 0);
        builder.Add([20, 30, 7, 7], 0);

        ChannelStatistics statistics = ChannelStatistics.Of(builder.Build(1));

        Assert.Equal([15f, 7f], statistics.Mean);
        Assert.Equal([MathF.Sqrt(125), 0f], statistics.Std);
    }

    [Fact]
    public void Of_SmallStdFarFromZero_IsPrecise()
    {
        float[] values = [1_000_000f, 1_000_001f];
        ImageSetBuilder builder = new(new ImageShape(1, 1, 2), PixelType.Single);
        builder.Add(MemoryMarshal.AsBytes<float>(values), 0);

        Assert.Equal(0.5f, ChannelStatistics.Of(builder.Build(1)).Std[0]);
    }

    [Fact]
    public void Of_NoImages_IsRejected()
    {
        ImageSet empty = new ImageSetBuilder(new ImageShape(1, 1, 1)).Build(1);

        Assert.Throws<ArgumentException>(() => ChannelStatistics.Of(empty));
    }
}
