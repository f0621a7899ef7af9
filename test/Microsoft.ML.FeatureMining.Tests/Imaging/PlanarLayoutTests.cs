using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Imaging;

public sealed class PlanarLayoutTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(59)]
    public void Join_OfSplitPixels_GivesThemBack(int positions)
    {
        byte[] pixels = new byte[3 * positions];
        new Random(1).NextBytes(pixels);
        byte[] planes = new byte[pixels.Length];
        byte[] joined = new byte[pixels.Length];

        PlanarLayout.Split(pixels, 3, planes);
        PlanarLayout.Join(planes, 3, joined);

        Assert.Equal(pixels, joined);
        Assert.Equal(Enumerable.Range(0, positions).Select(i => pixels[3 * i]), planes[..positions]);
    }

    [Fact]
    public void Join_Gray_GivesEqualChannels()
    {
        byte[] joined = new byte[6];

        PlanarLayout.Join([7, 9], 1, joined);

        Assert.Equal([7, 7, 7, 9, 9, 9], joined);
    }
}
