using System.Text.Json;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Imaging;

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
    [InlineData("landscape")]
    [InlineData("portrait")]
    [InlineData("square")]
    [InlineData("flat")]
    public void Apply_CropRatio_GivesTheCenterOfALargerImage(string source)
    {
        DecodedImage image = Goldens.Pixels("resize", $"crop-{source}.rgb");
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(3, 24, 24), CropRatio = 24.0 / 28 };

        byte[] whole = preprocessing.Uncropped().Apply(image);

        Assert.Equal(Goldens.Pixels("resize", $"crop-{source}-24-of-28.rgb").ToPlanar(), preprocessing.Apply(image));
        Assert.Equal(
            [.. from c in Enumerable.Range(0, 3) from y in Enumerable.Range(2, 24) from x in Enumerable.Range(2, 24) select whole[(((c * 28) + y) * 28) + x]],
            preprocessing.Apply(image)
        );
    }

    [Theory]
    [InlineData("landscape")]
    [InlineData("portrait")]
    [InlineData("square")]
    [InlineData("flat")]
    public void Apply_Bicubic_GivesTorchvisionsPixels(string source)
    {
        DecodedImage image = Goldens.Pixels("resize", $"crop-{source}.rgb");
        ImagePreprocessing preprocessing = new()
        {
            Shape = new ImageShape(3, 24, 24),
            CropRatio = 24.0 / 28,
            Filter = ResizeFilter.Bicubic,
        };

        Assert.Equal(Goldens.Pixels("resize", $"bicubic-crop-{source}-24-of-28.rgb").ToPlanar(), preprocessing.Apply(image));
    }

    [Theory]
    [InlineData(ResizeRule.CropShorterSide)]
    [InlineData(ResizeRule.Squash)]
    public void Apply_AnyCropRatio_IsTheCenterCropOfTheUncroppedImage(ResizeRule rule)
    {
        DecodedImage image = Goldens.Pixels("resize", "scene.rgb");
        foreach ((int height, int width, double share) in new[] { (24, 24, 0.875), (15, 22, 0.5), (21, 13, 0.66), (9, 9, 0.99), (5, 8, 1) })
        {
            ImagePreprocessing preprocessing = new()
            {
                Shape = new ImageShape(3, height, width),
                CropRatio = share,
                Resize = rule,
            };
            ImagePreprocessing whole = preprocessing.Uncropped();
            byte[] middle = new byte[preprocessing.Shape.Length];

            PixelMoves.Middle(1, whole.Shape, preprocessing.Shape).Apply(0, whole.Apply(image), middle);

            Assert.Equal(((int)Math.Round(height / share), (int)Math.Round(width / share)), (whole.Shape.Height, whole.Shape.Width));
            Assert.Equal(middle, preprocessing.Apply(image));
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

    [Theory]
    [InlineData(1, 2_000_000)]
    [InlineData(2_000_000, 1)]
    public void Apply_ThinImage_TakesOnlyItsCenter(int width, int height)
    {
        DecodedImage thin = new(width, height, 3, new byte[3 * width * height]);
        thin.Pixels.AsSpan((thin.Pixels.Length / 2 / 3 * 3) - 30, 60).Fill(200);
        long before = GC.GetAllocatedBytesForCurrentThread();

        byte[] pixels = new ImagePreprocessing { Shape = new ImageShape(3, 16, 16) }.Apply(thin);

        Assert.All(pixels, value => Assert.Equal(200, value));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Fact]
    public void Apply_TooThinToSquash_IsRejected()
    {
        DecodedImage thin = new(1, 50_000_000, 1, new byte[50_000_000]);
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(1, 64, 64), Resize = ResizeRule.Squash };

        Assert.Contains("1x50000000", Assert.Throws<ImageDecodeException>(() => preprocessing.Apply(thin)).Message);
    }

    [Fact]
    public void Apply_OtherChannelCount_IsRejected()
    {
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(4, 8, 8) };

        Assert.Throws<InvalidOperationException>(() => preprocessing.Apply(Goldens.Picture("rgb.png")));
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
        ImagePreprocessing preprocessing = new()
        {
            Shape = new ImageShape(1, 28, 32),
            CropRatio = 0.875,
            Resize = ResizeRule.Squash,
        };

        Assert.Equal(preprocessing, JsonSerializer.Deserialize<ImagePreprocessing>(JsonSerializer.Serialize(preprocessing)));
    }
}
