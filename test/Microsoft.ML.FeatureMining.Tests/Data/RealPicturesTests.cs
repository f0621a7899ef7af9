using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Tests.Data;

public sealed class RealPicturesTests
{
    [SkippableTheory]
    [InlineData("cub-20", "images", 600, 20)]
    [InlineData("tiny-imagenet-50", "tiny-imagenet-200/train", 8000, 50)]
    public void Apply_EveryPictureOfADataSet_Decodes(string dataSet, string folder, int pictures, int classes)
    {
        IReadOnlyList<ImageFile> files = ImageFolder.Read(Path.Combine(SharedData.Folder(dataSet), folder));
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(3, 64, 64) };

        int decoded = files.AsParallel().Count(file => preprocessing.Apply(File.ReadAllBytes(file.Path)).Length == preprocessing.Shape.Length);

        Assert.Equal((pictures, classes), (decoded, files.Select(file => file.ClassName).Distinct().Count()));
    }
}
