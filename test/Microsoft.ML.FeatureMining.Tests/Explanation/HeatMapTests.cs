using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Tests.Explanation;

public sealed class HeatMapTests
{
    [Fact]
    public void Resize_TwoCellsToFour_IsLinearBetweenTheirCenters() => Assert.Equal([0f, 1f, 3f, 4f], new HeatMap(1, 2, [0, 4]).Resize(1, 4).Values);

    [Fact]
    public void Resize_ToItsOwnSize_ChangesNothing()
    {
        float[] values = [1, -2, 3, 4, 5, 6];

        Assert.Equal(values, new HeatMap(2, 3, values).Resize(2, 3).Values);
    }

    [Fact]
    public void Normalize_Values_LieBetweenZeroAndOne() => Assert.Equal([0f, 0.25f, 1f], new HeatMap(1, 3, [-1, 0, 3]).Normalize().Values);

    [Fact]
    public void Normalize_ConstantMap_IsZero() => Assert.Equal([0f, 0f], new HeatMap(1, 2, [7, 7]).Normalize().Values);

    [Theory]
    [InlineData(0f, 0, 0, 128)]
    [InlineData(0.25f, 0, 128, 255)]
    [InlineData(0.5f, 128, 255, 128)]
    [InlineData(0.75f, 255, 128, 0)]
    [InlineData(1f, 128, 0, 0)]
    public void Jet_Scale_GoesFromBlueToRed(float value, int red, int green, int blue) =>
        Assert.Equal([(byte)red, (byte)green, (byte)blue], Enumerable.Range(0, 3).Select(channel => Overlay.Jet(value, channel)));

    [Fact]
    public void Overlay_ImageAndMap_IsHalfOfEach()
    {
        DecodedImage picture = new(2, 1, 3, [100, 100, 100, 200, 200, 200]);

        DecodedImage drawn = Overlay.Draw(picture, new HeatMap(1, 2, [0, 1]), side: 2);

        // Blue (0, 0, 128) on the left, red (128, 0, 0) on the right.
        Assert.Equal([50, 50, 114, 164, 100, 100], drawn.Pixels);
    }

    [Fact]
    public void Grid_RowsOfDifferentLength_ArePaddedWithWhite()
    {
        DecodedImage black = new(1, 1, 3, [0, 0, 0]);

        DecodedImage grid = ImageGrid.Compose([
            [black, null],
            [black, black],
        ]);

        Assert.Equal((6, 6), (grid.Width, grid.Height));
        Assert.Equal([0, 30, 35], Enumerable.Range(0, 36).Where(pixel => grid.Pixels[3 * pixel] == 0));
        Assert.Equal(9, grid.Pixels.Count(value => value == 0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void InputPreview_Planes_AreInterleaved(bool floats)
    {
        PixelType element = floats ? PixelType.Single : PixelType.Byte;
        byte[] planar = [0, 1, 2, 3, 255, 5];
        byte[] pixels = element == PixelType.Byte ? planar : [.. planar.SelectMany(value => BitConverter.GetBytes(value * 0.5f - 3))];

        DecodedImage seen = InputPreview.Of(pixels, new ImageShape(3, 1, 2), element);

        Assert.Equal([0, 2, 255, 1, 3, 5], seen.Pixels);
    }

    [Fact]
    public void Counter_TwoImages_GivesMeansPerImage()
    {
        ActivationCounter counter = new(stage: 2);
        counter.Add([0f, 0.5f, 0.6f, 0.75f]);
        counter.Add([-1f, 0.76f, 100f, 0f]);

        StageActivations activations = counter.Read();

        Assert.Equal((2, 2), (activations.Stage, activations.Images));
        Assert.Equal((0.5 + 0.6 + 0.75 - 1 + 0.76 + 100) / 8, activations.Mean, 5);
        Assert.Equal(0.5, activations.ActiveFraction);
        Assert.Equal(1, activations.Counts[0]);
        Assert.Equal(0.5, activations.Counts[1]);
        Assert.Equal(0.5, activations.Counts[^1]);
        Assert.Equal(2, activations.Counts.Sum());
    }
}
