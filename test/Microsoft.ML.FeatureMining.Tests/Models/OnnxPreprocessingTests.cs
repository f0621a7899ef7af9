using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Tests.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.Models;

/// <summary>The preprocessing in an ONNX graph, compared with the library's own.</summary>
public sealed class OnnxPreprocessingTests
{
    // Scaling down and up, both orientations, sizes at which the crop has a margin of one half, and images that are already of the target's size.
    public static TheoryData<int, int, int, int, double, string> Cases
    {
        get
        {
            TheoryData<int, int, int, int, double, string> cases = [];
            foreach ((int height, int width) in new[] { (64, 64), (300, 200), (200, 301), (31, 97), (500, 33), (7, 5), (32, 40) })
            {
                cases.Add(height, width, 32, 32, 1, nameof(ResizeRule.CropShorterSide));
                cases.Add(height, width, 32, 40, 1, nameof(ResizeRule.CropShorterSide));
                cases.Add(height, width, 32, 32, 0.875, nameof(ResizeRule.CropShorterSide));
                cases.Add(height, width, 33, 32, 0.9, nameof(ResizeRule.Squash));
                cases.Add(height, width, 32, 40, 1, nameof(ResizeRule.Squash));
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Resize_Images_GivesTheSamePixels(int imageHeight, int imageWidth, int height, int width, double cropRatio, string rule)
    {
        ImagePreprocessing preprocessing = new()
        {
            Shape = new ImageShape(3, height, width),
            CropRatio = cropRatio,
            Resize = Enum.Parse<ResizeRule>(rule),
        };
        DecodedImage[] images = [Noise(1, imageWidth, imageHeight), Noise(2, imageWidth, imageHeight)];

        AssertWithinOneLevel(Differences(preprocessing, images), share: 0.03);
        AssertWithinOneLevel(Differences(preprocessing with { Filter = ResizeFilter.Bicubic }, images), share: 0.03);
    }

    [Fact]
    public void Resize_GrayNetwork_ConvertsAsTheDecoderDoes()
    {
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(1, 32, 32) };

        Assert.Equal(0, Differences(preprocessing, [Noise(1, 32, 32)]).Max());
        AssertWithinOneLevel(Differences(preprocessing, [Noise(1, 70, 40)]), share: 0.03);
    }

    // Photographs are smooth, so that far fewer pixels are rounded otherwise than in noise.
    [SkippableTheory]
    [InlineData(64, ResizeFilter.Bilinear)]
    [InlineData(224, ResizeFilter.Bilinear)]
    [InlineData(64, ResizeFilter.Bicubic)]
    [InlineData(224, ResizeFilter.Bicubic)]
    public void Resize_Photos_GivesTheSamePixels(int side, ResizeFilter filter)
    {
        ImagePreprocessing preprocessing = new()
        {
            Shape = new ImageShape(3, side, side),
            CropRatio = 0.875,
            Filter = filter,
        };
        DecodedImage[] photos =
        [
            .. ImageFolder
                .Read(Path.Combine(SharedData.Folder("cub-20"), "images"))
                .Where((_, i) => i % 15 == 0)
                .Select(row => ImageCodec.Decode(File.ReadAllBytes(row.ImagePath)))
                .Where(image => image.Channels == 3),
        ];

        int[] differences = [.. photos.SelectMany(photo => Differences(preprocessing, [photo]))];

        Assert.True(photos.Length > 30);
        AssertWithinOneLevel(differences, share: 0.001);
    }

    private static void AssertWithinOneLevel(int[] differences, double share)
    {
        Assert.InRange(differences.Max(), 0, 1);
        Assert.InRange(differences.Average(), 0, share);
    }

    private static int[] Differences(ImagePreprocessing preprocessing, DecodedImage[] images)
    {
        using OnnxRun onnx = OnnxRun.OfGraph(graph => OnnxPreprocessing.Resize(graph, new OnnxValue("Image"), preprocessing), OnnxType.UInt8, "N", "H", "W", 3);
        float[] actual = onnx.Score([.. images.SelectMany(image => image.Pixels)], images.Length, images[0].Height, images[0].Width, 3);
        byte[] expected = [.. images.SelectMany(image => preprocessing.Apply(image))];
        Assert.Equal(expected.Length, actual.Length);
        return [.. expected.Zip(actual, (one, other) => (int)Math.Abs(one - other))];
    }

    private static DecodedImage Noise(int seed, int width, int height)
    {
        RandomStream random = new(seed, "pixels");
        return new DecodedImage(width, height, 3, [.. Enumerable.Range(0, width * height * 3).Select(_ => (byte)random.NextInt(256))]);
    }
}
