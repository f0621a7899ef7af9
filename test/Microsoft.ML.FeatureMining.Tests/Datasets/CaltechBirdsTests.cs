using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

public sealed class CaltechBirdsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CaltechBirdsTests()
    {
        _folder.Write("images.txt", "2 001.A/x.jpg\n1 002.B C/y.jpg\n");
        _folder.Write("classes.txt", "1 001.A\n2 002.B C\n");
        _folder.Write("image_class_labels.txt", "1 2\n2 1\n");
        _folder.Write("train_test_split.txt", "1 0\n2 1\n");
        _folder.Write("bounding_boxes.txt", "1 0.0 1.5 10.0 20.0\n2 5.0 6.0 7.0 8.0\n");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_BothParts_JoinsTheLists()
    {
        BoxedImageRow train = Assert.Single(CaltechBirds.Read(_folder.Path, DataPart.Train)),
            test = Assert.Single(CaltechBirds.Read(_folder.Path, DataPart.Test));

        Assert.Equal((_folder["images/001.A/x.jpg"], "001.A"), (train.ImagePath, train.Label));
        Assert.Equal([5f, 6, 7, 8], train.Box);
        Assert.Equal((_folder["images/002.B C/y.jpg"], "002.B C"), (test.ImagePath, test.Label));
        Assert.Equal([0f, 1.5f, 10, 20], test.Box);
    }

    [Theory]
    [InlineData("images.txt", "1 001.A/x.jpg\n1 001.A/y.jpg", "line 2: the number 1 is already on an earlier line")]
    [InlineData("images.txt", "1 x.jpg\n2 001.A/x.jpg", "line 1: 'x.jpg' is not of the form folder/image")]
    [InlineData("images.txt", "1 ../x.jpg\n2 001.A/x.jpg", "line 1: '..' is not a file name")]
    [InlineData("image_class_labels.txt", "2 1", "has no line for the number 1")]
    [InlineData("image_class_labels.txt", "1 7\n2 1", "has no line for the number 7")]
    [InlineData("train_test_split.txt", "1 2\n2 1", "line 1: '2' is neither")]
    [InlineData("bounding_boxes.txt", "1 1 2 3\n2 1 1 1 1", "line 1: there are 3 words; expected 4")]
    [InlineData("bounding_boxes.txt", "1 1 2 3 nan\n2 1 1 1 1", "line 1: 'nan' is not a number")]
    [InlineData("bounding_boxes.txt", "1 1 2 0 4\n2 1 1 1 1", "line 1: the box has no width")]
    [InlineData("classes.txt", "one 001.A", "line 1: 'one' is not a number")]
    public void Read_Damage_NamesFileAndLine(string name, string text, string expected)
    {
        _folder.Write(name, text);

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() =>
            (CaltechBirds.Read(_folder.Path, DataPart.Train), CaltechBirds.Read(_folder.Path, DataPart.Test))
        );

        Assert.Contains(_folder.Path, refusal.Message);
        Assert.Contains(expected, refusal.Message);
    }

    [SkippableFact]
    public void Read_TheRealSubset_HasItsCountsAndBoxes()
    {
        string root = SharedData.Folder("cub-20");

        IReadOnlyList<BoxedImageRow> train = CaltechBirds.Read(root, DataPart.Train),
            test = CaltechBirds.Read(root, DataPart.Test);

        Assert.Equal((400, 200), (train.Count, test.Count));
        Assert.All(train.CountBy(row => row.Label), group => Assert.Equal(20, group.Value));
        Assert.All(test.CountBy(row => row.Label), group => Assert.Equal(10, group.Value));
        Assert.Equal([139f, 30, 153, 264], train[0].Box);
        foreach (BoxedImageRow row in train.Concat(test).Where((_, i) => i % 20 == 0))
        {
            Assert.Equal(row.Label, Path.GetFileName(Path.GetDirectoryName(row.ImagePath)));
            DecodedImage image = ImageCodec.Decode(File.ReadAllBytes(row.ImagePath));
            Assert.InRange(row.Box[0] + row.Box[2], 1, image.Width + 1);
            Assert.InRange(row.Box[1] + row.Box[3], 1, image.Height + 1);
        }
    }
}
