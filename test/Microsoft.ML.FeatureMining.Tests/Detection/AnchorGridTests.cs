using Microsoft.ML.FeatureMining.Detection.Networks;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Compares anchors with torchvision's.</summary>
public sealed class AnchorGridTests : IClassFixture<SingleThreadFixture>
{
    private static readonly GoldenTensors Golden = DetectionGolden.Of("anchors");

    [Theory]
    [InlineData(32, 32)]
    [InlineData(64, 96)]
    [InlineData(96, 224)]
    public void Grid_DefaultSettings_IsTorchvisions(int height, int width)
    {
        AnchorGrid grid = AnchorGrid.Of(height, width, new RetinaNetSettings());

        Assert.Equal(DetectionGolden.Boxes(Golden[$"default/{height}x{width}"]), grid.Boxes);
    }

    [Fact]
    public void Grid_LargeImage_IsTorchvisions()
    {
        AnchorGrid grid = AnchorGrid.Of(512, 384, new RetinaNetSettings());

        using Tensor corners = tensor(grid.Boxes.SelectMany(box => new[] { box.Left, box.Top, box.Right, box.Bottom }).ToArray());
        DetectionGolden.AssertSketch(Golden.Doubles("sketch/512x384"), corners, 0, "anchors of 512x384");
    }

    [Fact]
    public void Grid_HalfTheSize_IsTorchvisions()
    {
        AnchorGrid grid = AnchorGrid.Of(32, 64, new RetinaNetSettings { AnchorSize = 2 });

        Assert.Equal(DetectionGolden.Boxes(Golden["half/32x64"]), grid.Boxes);
    }

    [Fact]
    public void Grid_OtherScalesAndRatios_IsTorchvisions()
    {
        AnchorGrid grid = AnchorGrid.Of(32, 64, new RetinaNetSettings { AnchorScales = 2, AnchorRatios = [0.3, 1, 1.7, 3] });

        Assert.Equal(DetectionGolden.Boxes(Golden["two-scales-four-ratios/32x64"]), grid.Boxes);
    }

    [Fact]
    public void Grid_SmallestAnchorsOfAllSettings_HavePositiveSides()
    {
        AnchorGrid grid = AnchorGrid.Of(
            32,
            32,
            new RetinaNetSettings
            {
                AnchorSize = 1,
                AnchorScales = 16,
                AnchorRatios = [1.0 / 32, 1, 32],
            }
        );

        Assert.All(grid.Boxes, box => Assert.True(box.Width >= 1 && box.Height >= 1));
    }

    [Fact]
    public void Grid_ImageSmallerThanTheLargestStride_HasOnePositionAtTheLastLevels()
    {
        AnchorGrid grid = AnchorGrid.Of(32, 32, new RetinaNetSettings());

        Assert.Equal([16 * 9, 4 * 9, 9, 9, 9], grid.LevelCounts);
    }

    [Theory]
    [InlineData(100, 64)]
    [InlineData(64, 33)]
    [InlineData(0, 64)]
    [InlineData(-32, 64)]
    public void Grid_SizeThatIsNoMultipleOf32_ThrowsWithTheSize(int height, int width)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => AnchorGrid.Of(height, width, new RetinaNetSettings()));

        Assert.Equal(
            $"Images of {width}x{height} pixels do not fit RetinaNet: width and height must be multiples of 32. Pad or resize the images.",
            error.Message
        );
    }
}
