using System.Formats.Tar;
using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Tests.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>The data views of the data sets: columns, row counts and decodable images.</summary>
public sealed class DataSourcesTests(ColoredImages colored) : IClassFixture<ColoredImages>
{
    private static readonly MLContext Ml = new(1);

    [Fact]
    public void LoadImageList_SameImages_TrainsLikeTheFolder()
    {
        using TemporaryFolder folder = new();
        IDataView files = Ml.Data.LoadImageFolder(colored.Root);
        string[] lines = [.. files.GetColumn<string>("ImagePath").Zip(files.GetColumn<string>("Label"), (path, label) => $"\"{path}\",{label}")];
        string list = folder.Write("list.csv", string.Join('\n', ["ImagePath,Label", .. lines]));

        IDataView rows = Ml.Data.LoadImageList(list);

        Assert.Equal(["ImagePath:String", "Label:String"], Columns(rows));
        Assert.Equal(files.GetColumn<string>("ImagePath"), rows.GetColumn<string>("ImagePath"));
        float[][] scores = [.. Tiny.Pipeline(Ml).Fit(rows).Transform(rows).GetColumn<float[]>("Score")];
        float[][] expected = [.. Tiny.Pipeline(Ml).Fit(files).Transform(files).GetColumn<float[]>("Score")];
        Assert.Equal(expected, scores);
    }

    [Fact]
    public void LoadMultilabelImageList_LabelsAreAVectorOfText()
    {
        using TemporaryFolder folder = new();

        IDataView rows = Ml.Data.LoadMultilabelImageList(folder.Write("list.csv", "ImagePath,Label\na.png,x;y\nb.png,\n"));

        Assert.Equal(["ImagePath:String", "Labels:Vector<String>"], Columns(rows));
        Assert.Equal(
            [
                ["x", "y"],
                [],
            ],
            rows.GetColumn<string[]>("Labels")
        );
    }

    [SkippableFact]
    public void LoadCifarArchive_Archive_ReturnsTheRowsOfTheUnpackedFiles()
    {
        using TemporaryFolder folder = new();
        string data = SharedData.Folder("cifar-100");
        using (TarWriter writer = new(new GZipStream(File.Create(folder["cifar.tar.gz"]), CompressionLevel.Fastest)))
        {
            foreach (string name in (string[])["test.bin", "fine_label_names.txt"])
            {
                writer.WriteEntry(Path.Combine(data, name), $"cifar-100-binary/{name}");
            }
        }

        IDataView packed = Ml.Data.LoadCifarArchive(CifarBinary.Cifar100, folder["cifar.tar.gz"], DataPart.Test);

        IDataView plain = Ml.Data.LoadCifar(CifarBinary.Cifar100, Path.Combine(data, "fine_label_names.txt"), Path.Combine(data, "test.bin"));
        Assert.Equal(["Image:Vector<Byte>", "Label:String"], Columns(packed));
        Assert.Equal(plain.GetColumn<string>("Label"), packed.GetColumn<string>("Label"));
        Assert.Equal(plain.GetColumn<byte[]>("Image").Skip(3990), packed.GetColumn<byte[]>("Image").Skip(3990));
    }

    [SkippableFact]
    public void LoadTinyImageNet_TestPart_ReturnsPathsIdsAndNames()
    {
        IDataView rows = Ml.Data.LoadTinyImageNet(Path.Combine(SharedData.Folder("tiny-imagenet-50"), "tiny-imagenet-200"), DataPart.Test);

        Assert.Equal(["ImagePath:String", "Label:String", "Description:String"], Columns(rows));
        Assert.Equal(2500, rows.GetRowCount());
        Assert.Equal(50, rows.GetColumn<string>("Label").Distinct().Count());
        AssertDecode(rows, 20);
    }

    [SkippableFact]
    public void LoadImageNet_ListOfClasses_ReturnsTheirImages()
    {
        string root = Path.Combine(SharedData.Folder("tiny-imagenet-50"), "tiny-imagenet-200");

        IDataView rows = Ml.Data.LoadImageNet(Path.Combine(root, "train"), Path.Combine(root, "words.txt"));

        Assert.Equal(["ImagePath:String", "Label:String", "Description:String"], Columns(rows));
        Assert.Equal(8000, rows.GetRowCount());
        Assert.Equal("goldfish, Carassius auratus", rows.GetColumn<string>("Description").First());
        AssertDecode(rows, 20);
    }

    [SkippableFact]
    public void LoadCaltechBirds_TrainPart_ReturnsPathsClassesAndBoxes()
    {
        IDataView rows = Ml.Data.LoadCaltechBirds(SharedData.Folder("cub-20"), DataPart.Train);

        Assert.Equal(["ImagePath:String", "Label:String", "Box:Vector<Single, 4>"], Columns(rows));
        Assert.Equal([139f, 30, 153, 264], rows.GetColumn<float[]>("Box").First());
        AssertDecode(rows, 20);
    }

    [SkippableFact]
    public void LoadPascalVoc_EachKind_HasItsColumns()
    {
        string root = Path.Combine(SharedData.Folder("voc2007-subset"), "VOCdevkit", "VOC2007");

        IDataView images = Ml.Data.LoadPascalVocImages(root, "test"),
            objects = Ml.Data.LoadPascalVocObjects(root, "test"),
            patches = Ml.Data.LoadPascalVocPatches(root, "val", 100);

        Assert.Equal(["ImagePath:String", "Labels:Vector<String>", "DifficultLabels:Vector<String>"], Columns(images));
        Assert.Equal(["ImagePath:String", "Label:String", "Box:Vector<Single, 4>", "Difficult:Boolean", "Truncated:Boolean"], Columns(objects));
        Assert.Equal(["ImagePath:String", "Image:Vector<Byte>", "Label:String"], Columns(patches));
        Assert.Equal((120, 423), (images.GetColumn<string>("ImagePath").Count(), objects.GetColumn<string>("Label").Count()));
        Assert.Equal(42, images.GetColumn<string[]>("Labels").Count(labels => labels.Contains("person")));
        Assert.All(patches.GetColumn<byte[]>("Image").Take(20), image => Assert.True(ImageCodec.Decode(image) is { Width: >= 100, Height: >= 100 }));
    }

    [Fact]
    public void Load_MissingFile_ThrowsAtOnceAndNamesIt()
    {
        Assert.Contains("nowhere", Assert.Throws<FileNotFoundException>(() => Ml.Data.LoadImageList("nowhere.csv")).Message);
        Assert.Contains(
            "nowhere",
            Assert.Throws<FileNotFoundException>(() => Ml.Data.LoadCifarArchive(CifarBinary.Cifar10, "nowhere", DataPart.Train)).Message
        );
        Assert.Contains("nowhere", Assert.Throws<DirectoryNotFoundException>(() => Ml.Data.LoadTinyImageNet("nowhere", DataPart.Train)).Message);
        Assert.Contains("nowhere", Assert.Throws<DirectoryNotFoundException>(() => Ml.Data.LoadImageNet("nowhere", "list")).Message);
        Assert.Contains("nowhere", Assert.Throws<DirectoryNotFoundException>(() => Ml.Data.LoadCaltechBirds("nowhere", DataPart.Test)).Message);
        Assert.Contains("nowhere", Assert.Throws<DirectoryNotFoundException>(() => Ml.Data.LoadPascalVocImages("nowhere", "train")).Message);
    }

    private static string[] Columns(IDataView rows) => [.. rows.Schema.Select(column => $"{column.Name}:{column.Type}")];

    private static void AssertDecode(IDataView rows, int count)
    {
        IDataView some = Ml.Data.TakeRows(rows, count);
        IDataView read = Ml.Transforms.LoadRawImageBytes("Image", null, "ImagePath").Fit(some).Transform(some);
        Assert.All(read.GetColumn<byte[]>("Image"), image => ImageCodec.Decode(image));
    }
}
