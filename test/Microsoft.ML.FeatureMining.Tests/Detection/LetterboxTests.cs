using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

public sealed class LetterboxTests
{
    [Theory]
    [InlineData(96, 72, 64, 64, 48)]
    [InlineData(30, 90, 64, 21, 64)]
    [InlineData(64, 64, 64, 64, 64)]
    [InlineData(16, 8, 64, 64, 32)]
    [InlineData(1000, 1, 64, 64, 1)]
    public void Apply_ScalesTheWholeImageAndFillsTheRest(int width, int height, int side, int fittedWidth, int fittedHeight)
    {
        byte[] pixels = new byte[width * height * 3];
        new Random(1).NextBytes(pixels);
        DecodedImage image = new(width, height, 3, pixels);
        ImagePreprocessing letterbox = new() { Shape = new ImageShape(3, side, side), Letterbox = true };

        byte[] actual = letterbox.Apply(image);

        Assert.Equal(new ImageSize(fittedWidth, fittedHeight), letterbox.Fitted(new ImageSize(width, height)));
        DecodedImage fitted = ImageResize.Resize(image, fittedWidth, fittedHeight);
        for (int channel = 0; channel < 3; channel++)
        {
            for (int y = 0; y < side; y++)
            {
                for (int x = 0; x < side; x++)
                {
                    byte expected =
                        x < fittedWidth && y < fittedHeight ? fitted.Pixels[(((y * fittedWidth) + x) * 3) + channel] : ImagePreprocessing.LetterboxGray;
                    Assert.Equal(expected, actual[(((channel * side) + y) * side) + x]);
                }
            }
        }
    }

    [Fact]
    public void ToJson_ModelOfAClassifier_DoesNotMentionTheLetterbox()
    {
        ModelManifest manifest = new()
        {
            Backbone = "resnet-18",
            ClassCount = 2,
            Preprocessing = new ImagePreprocessing { Shape = new ImageShape(3, 32, 32) },
            Mean = [0, 0, 0],
            Std = [1, 1, 1],
        };

        Assert.DoesNotContain("etterbox", manifest.ToJson(), StringComparison.Ordinal);
    }
}
