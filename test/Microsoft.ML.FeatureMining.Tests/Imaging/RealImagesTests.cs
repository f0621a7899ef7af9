using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Tests.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.Imaging;

public sealed class RealImagesTests
{
    [SkippableTheory]
    [InlineData("cub-20", "images", 600, 20)]
    [InlineData("tiny-imagenet-50", "tiny-imagenet-200/train", 8000, 50)]
    public void Apply_EveryImageOfADataSet_Decodes(string dataSet, string folder, int pictures, int classes)
    {
        IReadOnlyList<ImageFileRow> files = ImageFolder.Read(Path.Combine(SharedData.Folder(dataSet), folder));
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(3, 64, 64) };

        int decoded = files.AsParallel().Count(file => preprocessing.Apply(File.ReadAllBytes(file.ImagePath)).Length == preprocessing.Shape.Length);

        Assert.Equal((pictures, classes), (decoded, files.Select(file => file.Label).Distinct().Count()));
    }

    [SkippableFact]
    public void Decode_ImagesOfTheDataSets_GivesPillowsPixels()
    {
        string data = Path.GetDirectoryName(SharedData.Folder("cub-20"))!;
        string[][] lines = [.. File.ReadLines(Path.Combine(Goldens.Folder, "shared-pixels.txt")).Select(line => line.Split(' '))];

        string[] different =
        [
            .. lines.AsParallel().Where(line => Digest(ImageCodec.Decode(File.ReadAllBytes(Path.Combine(data, line[0])))) != line[1]).Select(line => line[0]),
        ];

        Assert.Equal(174, lines.Length);
        Assert.Empty(different);

        static string Digest(DecodedImage image) =>
            Convert.ToHexStringLower(SHA256.HashData([.. BitConverter.GetBytes(image.Width), .. BitConverter.GetBytes(image.Height), .. image.Pixels]));
    }

    // The measured difference is 0.38 levels of 255. An image shifted by one pixel would differ by 1 to 2 levels.
    [SkippableFact]
    public void Apply_ImageDecodedAtASmallerScale_IsNearlyTheSame()
    {
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(3, 32, 32) };
        string[] files = [.. ImageFolder.Read(Path.Combine(SharedData.Folder("cub-20"), "images")).Where((_, i) => i % 15 == 0).Select(file => file.ImagePath)];

        double[] differences =
        [
            .. files.Select(path =>
            {
                byte[] encoded = File.ReadAllBytes(path);
                byte[] scaled = preprocessing.Apply(encoded),
                    exact = preprocessing.Apply(ImageCodec.Decode(encoded));
                return scaled.Zip(exact, (a, b) => Math.Abs(a - b)).Average();
            }),
        ];

        Assert.Equal(40, differences.Length);
        Assert.InRange(differences.Average(), 0, 0.5);
    }
}
