using System.Text.Json;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Tests.Data;

public sealed class ImagePreprocessingTests
{
    [Theory]
    [InlineData("landscape")]
    [InlineData("portrait")]
    [InlineData("square")]
    [InlineData("flat")]
    public void Apply_CropShorterSide_GivesTorchvisionsResizeAndCenterCrop(string source)
    {
        DecodedImage image = Goldens.Pixels("resize", $"crop-{source}.rgb");

        foreach (int size in (int[])[16, 24, 45])
        {
            ImagePreprocessing preprocessing = new() { Shape = new ImageShape(3, size, size) };
            Assert.Equal(Goldens.Pixels("resize", $"crop-{source}-{size}.rgb").ToPlanar(), preprocessing.Apply(image));
        }
    }

    [Theory]
    [InlineData(20, 30)]
    [InlineData(30, 20)]
    [InlineData(5, 60)]
    public void Apply_CropShorterSideToAnyShape_CoversIt(int height, int width)
    {
        DecodedImage white = new(53, 37, 3, [.. Enumerable.Repeat((byte)255, 53 * 37 * 3)]);

        byte[] pixels = new ImagePreprocessing { Shape = new ImageShape(3, height, width) }.Apply(white);

        Assert.Equal(3 * height * width, pixels.Length);
        Assert.All(pixels, value => Assert.Equal(255, value));
    }

    [Fact]
    public void Apply_Squash_ScalesEachAxis()
    {
        DecodedImage image = Goldens.Pixels("resize", "scene.rgb");
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(3, 60, 80), Resize = ResizeRule.Squash };

        Assert.Equal(Goldens.Pixels("resize", "scene-80x60.rgb").ToPlanar(), preprocessing.Apply(image));
    }

    [Fact]
    public void Apply_OneChannel_IsLuma()
    {
        DecodedImage image = Goldens.Pixels("resize", "scene.rgb");
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(1, 16, 16), Resize = ResizeRule.Squash };

        Assert.Equal(Goldens.Pixels("resize", "scene-gray-16x16.l").Pixels, preprocessing.Apply(image));
    }

    [Fact]
    public void Apply_EncodedBytes_DecodesThem()
    {
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(3, 14, 21) };

        Assert.Equal(Goldens.Pixels("images", "rgb.png.rgb").ToPlanar(), preprocessing.Apply(Goldens.Picture("rgb.png")));
    }

    [Fact]
    public void Json_RoundTrip_IsEqual()
    {
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(1, 28, 32), Resize = ResizeRule.Squash };

        Assert.Equal(preprocessing, JsonSerializer.Deserialize<ImagePreprocessing>(JsonSerializer.Serialize(preprocessing)));
    }
}
