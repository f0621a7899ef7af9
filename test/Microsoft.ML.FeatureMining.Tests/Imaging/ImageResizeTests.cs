using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Imaging;

public sealed class ImageResizeTests
{
    [Theory]
    [InlineData("noise", "", ResizeFilter.Bilinear)]
    [InlineData("scene", "", ResizeFilter.Bilinear)]
    [InlineData("noise", "bicubic-", ResizeFilter.Bicubic)]
    [InlineData("scene", "bicubic-", ResizeFilter.Bicubic)]
    public void Resize_AnySize_GivesPillowsBytes(string source, string prefix, ResizeFilter filter)
    {
        DecodedImage image = Goldens.Pixels("resize", source + ".rgb");
        string[] goldens = Directory.GetFiles(Path.Combine(Goldens.Folder, "resize"), $"{prefix}{source}-*x*.rgb");
        Assert.Equal(8, goldens.Length);

        foreach (string golden in goldens)
        {
            DecodedImage expected = Goldens.Pixels(golden);
            DecodedImage actual = ImageResize.Resize(image, expected.Width, expected.Height, filter);
            Assert.Equal(0, Goldens.LargestDifference(actual, expected));
        }
    }

    [Theory]
    [InlineData("noise")]
    [InlineData("scene")]
    public void ToGray_ThenResize_GivesPillowsBytes(string source)
    {
        DecodedImage gray = Goldens.Pixels("resize", source + ".rgb").ToGray();

        Assert.Equal(0, Goldens.LargestDifference(gray, Goldens.Pixels("resize", source + "-gray.l")));
        Assert.Equal(0, Goldens.LargestDifference(ImageResize.Resize(gray, 16, 16), Goldens.Pixels("resize", source + "-gray-16x16.l")));
        DecodedImage bicubic = ImageResize.Resize(gray, 16, 16, ResizeFilter.Bicubic);
        Assert.Equal(0, Goldens.LargestDifference(bicubic, Goldens.Pixels("resize", $"bicubic-{source}-gray-16x16.l")));
    }

    [Fact]
    public void Resize_ImageDecodedAtASmallerScale_GivesPillowsBytes()
    {
        DecodedImage image = ImageCodec.Decode(File.ReadAllBytes(Path.Combine(Goldens.Folder, "scaled", "baseline.jpg")), minWidth: 96, minHeight: 72);

        DecodedImage actual = ImageResize.Resize(image, 32, 24);

        Assert.Equal((102, 76, 203, 151, 2), (image.Width, image.Height, image.FullWidth, image.FullHeight, image.Shrink));
        Assert.InRange(Goldens.LargestDifference(actual, Goldens.Pixels("scaled", "baseline-resized.rgb")), 0, 0);
    }

    [Fact]
    public void Resize_View_EqualsResizeOfItsCopy()
    {
        DecodedImage image = Goldens.Pixels("resize", "noise.rgb");
        foreach (
            (int width, int height) in ((int, int)[])[(image.Width, image.Height), (image.Width - 20, 6), (image.Width - 20, 7), (5, image.Height - 3), (1, 1)]
        )
        {
            foreach (
                (int x, int y) in ((int, int)[])
                    [(0, 0), (image.Width - width, image.Height - height), ((image.Width - width) / 2, image.Height - height), (0, image.Height - height)]
            )
            {
                PixelBox box = new(y, x, height, width);
                DecodedImage copy = ((PixelView)image).Part(box).ToImage();
                foreach ((int w, int h) in ((int, int)[])[(9, 7), (40, 30), (200, 150)])
                {
                    foreach (ResizeFilter filter in Enum.GetValues<ResizeFilter>())
                    {
                        Assert.Equal(ImageResize.Resize(copy, w, h, filter).Pixels, ImageResize.Resize(((PixelView)image).Part(box), w, h, filter).Pixels);
                    }
                }
            }
        }
    }

    [Fact]
    public void Resize_OneColor_KeepsIt()
    {
        DecodedImage white = new(7, 5, 1, [.. Enumerable.Repeat((byte)255, 35)]);

        foreach ((int width, int height) in ((int, int)[])[(1, 1), (3, 9), (64, 2), (7, 5)])
        {
            Assert.All(ImageResize.Resize(white, width, height).Pixels, value => Assert.Equal(255, value));
            Assert.All(ImageResize.Resize(white, width, height, ResizeFilter.Bicubic).Pixels, value => Assert.Equal(255, value));
        }
    }
}
