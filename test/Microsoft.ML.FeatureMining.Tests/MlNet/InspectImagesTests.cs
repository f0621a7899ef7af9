using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Tests.Datasets;
using Microsoft.ML.FeatureMining.Tests.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

public sealed class InspectImagesTests : IDisposable
{
    private static readonly MLContext Ml = new(1);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void InspectImages_Folder_FindsAllProblems()
    {
        string same = Write("a/1.png", "rgb.png"),
            interlaced = Write("b/same.png", "interlaced-rgb-8.png"),
            gray = Write("b/2.png", "gray-8.png");
        string bad = _folder.Write("a/bad.jpg", "not an image"),
            empty = _folder.Write("b/empty.gif", "");

        ImageSetReport report = Ml.Data.InspectImages(Ml.Data.LoadImageFolder(_folder.Path));

        Assert.Equal((5, 0), (report.Rows, report.Unlabeled));
        Assert.Equal([("a", 2), ("b", 3)], report.Classes.Select(entry => (entry.Name, entry.Rows)));
        Assert.Equal((new(21, 21, 21), new SideStatistics(14, 14, 14)), (report.Width!, report.Height!));
        Assert.Equal([(bad, "a"), (empty, "b")], report.Unreadable.Select(image => (image.Row.File!, image.Row.Label!)));
        Assert.Contains("not a JPEG, PNG, BMP, GIF or WebP", report.Unreadable[0].Cause, StringComparison.Ordinal);
        // The same pixels in two files with different bytes.
        Assert.Equal([same, interlaced], Assert.Single(report.Duplicates).Select(row => row.File!));
        Assert.Same(report.Duplicates[0], Assert.Single(report.Contradictions));
        Assert.DoesNotContain(gray, report.Duplicates.SelectMany(rows => rows).Select(row => row.File));
    }

    [Fact]
    public void SharedWith_AnotherSet_FindsLeakage()
    {
        Write("train/a/1.png", "rgb.png");
        Write("train/b/1.png", "gray-8.png");
        Write("test/a/1.bmp", "rgb-24.bmp");
        Write("test/b/1.png", "palette-8.png");

        ImageSetReport train = Ml.Data.InspectImages(Ml.Data.LoadImageFolder(_folder["train"])),
            test = Ml.Data.InspectImages(Ml.Data.LoadImageFolder(_folder["test"]));

        (ImageRow here, ImageRow there) = Assert.Single(train.SharedWith(test));
        Assert.Equal((_folder["train/a/1.png"], _folder["test/a/1.bmp"]), (here.File, there.File));
    }

    [SkippableFact]
    public void InspectImages_OfCifar_FindsItsKnownDuplicates()
    {
        string folder = SharedData.Folder("cifar-100");
        ImageSetReport train = Inspect("train.bin"),
            test = Inspect("test.bin");

        Assert.Equal((16000, 4000), (train.Rows, test.Rows));
        Assert.All(train.Classes, entry => Assert.Equal(160, entry.Rows));
        Assert.Equal((1, 0), (train.Duplicates.Count, test.Duplicates.Count));
        Assert.Equal(3, train.SharedWith(test).Count);
        Assert.Empty(train.Unreadable);

        ImageSetReport Inspect(string name) => Ml.Data.InspectImages(Ml.Data.LoadCifar(CifarBinary.Cifar100, null, Path.Combine(folder, name)));
    }

    [SkippableFact]
    public void InspectImages_Birds_FindsNoProblems()
    {
        ImageSetReport report = Ml.Data.InspectImages(Ml.Data.LoadCaltechBirds(SharedData.Folder("cub-20"), DataPart.Test));

        Assert.Equal((200, 20), (report.Rows, report.Classes.Count));
        Assert.Empty(report.Unreadable);
        Assert.Empty(report.Duplicates);
        Assert.Equal(500, report.Width!.Max);
    }

    [Fact]
    public void InspectImages_NoImageColumn_Throws()
    {
        IDataView rows = Ml.Data.LoadFromEnumerable([new Row()]);

        Assert.Contains("'Image'", Assert.Throws<ArgumentOutOfRangeException>(() => Ml.Data.InspectImages(rows)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "'Number'",
            Assert.Throws<ArgumentOutOfRangeException>(() => Ml.Data.InspectImages(rows, imageColumnName: "Number")).Message,
            StringComparison.Ordinal
        );
    }

    private string Write(string name, string golden) => _folder.Write(name, Goldens.Picture(golden));

    private sealed class Row
    {
        public float Number { get; set; }
    }
}
