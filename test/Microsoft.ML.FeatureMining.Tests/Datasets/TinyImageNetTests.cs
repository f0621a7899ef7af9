using Microsoft.ML.FeatureMining.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

public sealed class TinyImageNetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TinyImageNetTests()
    {
        _folder.Write("wnids.txt", "n00000002\nn00000001\n");
        _folder.Write("words.txt", "n00000001\tone\nn00000002\ttwo, deux\nn00000003\tthree\n");
        foreach (string id in (string[])["n00000001", "n00000002"])
        {
            _folder.Write($"train/{id}/images/{id}_0.JPEG", "");
            _folder.Write($"train/{id}/{id}_boxes.txt", "");
        }
        _folder.Write("val/val_annotations.txt", "val_1.JPEG\tn00000001\t0\t0\t63\t63\nval_0.JPEG\tn00000002\t0\t0\t63\t63\n");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_BothParts_GivesImagesAndClasses()
    {
        IReadOnlyList<SynsetImageRow> train = TinyImageNet.Read(_folder.Path, DataPart.Train),
            test = TinyImageNet.Read(_folder.Path, DataPart.Test);

        Assert.Equal(["n00000002_0.JPEG", "n00000001_0.JPEG"], train.Select(file => Path.GetFileName(file.ImagePath)));
        Assert.Equal(
            [(_folder["val/images/val_1.JPEG"], "one"), (_folder["val/images/val_0.JPEG"], "two, deux")],
            test.Select(file => (file.ImagePath, file.Description))
        );
    }

    [Theory]
    [InlineData("val_1.JPEG\tn00000003\t0\t0\t1\t1", "line 1: 'n00000003' is not a class of wnids.txt")]
    [InlineData("\nval_1.JPEG\tn00000001", "line 2: there are 2 words; expected 6")]
    [InlineData("../../secret\tn00000001\t0\t0\t1\t1", "line 1: '../../secret' is not a file name")]
    public void Read_WrongAnnotation_NamesFileAndLine(string text, string expected)
    {
        string path = _folder.Write("val/val_annotations.txt", text);

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => TinyImageNet.Read(_folder.Path, DataPart.Test));

        Assert.Contains(path, refusal.Message);
        Assert.Contains(expected, refusal.Message);
    }

    [SkippableFact]
    public void Read_TheRealSubset_HasItsCounts()
    {
        string root = Path.Combine(SharedData.Folder("tiny-imagenet-50"), "tiny-imagenet-200");

        IReadOnlyList<SynsetImageRow> train = TinyImageNet.Read(root, DataPart.Train),
            test = TinyImageNet.Read(root, DataPart.Test);

        Assert.Equal((8000, 2500), (train.Count, test.Count));
        Assert.All(train.CountBy(file => file.Label), group => Assert.Equal(160, group.Value));
        Assert.All(test.CountBy(file => file.Label), group => Assert.Equal(50, group.Value));
        Assert.Equal("goldfish, Carassius auratus", train[0].Description);
        Assert.All(train.Concat(test), file => Assert.True(File.Exists(file.ImagePath), file.ImagePath));
    }
}
