using Microsoft.ML.FeatureMining.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

public sealed class ImageListTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_ColumnsByName_FindsThemInAnyOrder()
    {
        string path = _folder.Write("list.csv", "id,Label,ImagePath\n1,cat,a.jpg\n2,\"dog, old\",sub/b.jpg\n");

        Assert.Equal(
            [new() { ImagePath = _folder["a.jpg"], Label = "cat" }, new() { ImagePath = _folder["sub/b.jpg"], Label = "dog, old" }],
            ImageList.Read(path, new())
        );
    }

    [Fact]
    public void Read_TsvWithoutHeader_UsesTwoColumnsAndAFolder()
    {
        string path = _folder.Write("list.tsv", $"a.jpg\tcat\n{_folder["b.jpg"]}\tdog\n");

        IReadOnlyList<ImageFileRow> files = ImageList.Read(path, new() { HasHeader = false, ImageFolder = _folder["pictures"] });

        Assert.Equal([new() { ImagePath = _folder["pictures/a.jpg"], Label = "cat" }, new() { ImagePath = _folder["b.jpg"], Label = "dog" }], files);
    }

    [SkippableFact]
    public void Read_PathsAsPeopleWriteThem_AreUnderstood()
    {
        Skip.If(OperatingSystem.IsWindows(), "Backslashes are separators there.");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string odd = _folder.Write("odd\\name.jpg", "a file with a backslash in its name");
        string path = _folder.Write("list.csv", "ImagePath,Label\nfile:///data/a%20b.jpg,x\n~/c.jpg,x\nsub\\d.jpg,y\nodd\\name.jpg,y\n");

        Assert.Equal(["/data/a b.jpg", $"{home}/c.jpg", _folder["sub/d.jpg"], odd], ImageList.Read(path, new()).Select(row => row.ImagePath));
    }

    [Fact]
    public void ReadMultilabel_SeveralLabelsAndNone_GivesEachOnce()
    {
        string path = _folder.Write("list.csv", "file,tags\na.jpg,cat;sofa; cat\nb.jpg,\n");

        IReadOnlyList<MultilabelImageRow> files = ImageList.ReadMultilabel(path, new() { PathColumn = "file", LabelColumn = "tags" });

        Assert.Equal(["cat", "sofa"], files[0].Labels);
        Assert.Empty(files[1].Labels);
    }

    [Fact]
    public void Read_BlanksInsideQuotes_AreOfTheLabel_OthersAreNot()
    {
        string path = _folder.Write("list.csv", "ImagePath,Label\na.jpg, cat \nb.jpg,\" cat\"\n");

        Assert.Equal(["cat", " cat"], ImageList.Read(path, new()).Select(row => row.Label));
    }

    [Theory]
    [InlineData("ImagePath;Label\na.jpg;cat\n")]
    [InlineData("ImagePath\tLabel\na.jpg\tcat\n")]
    [InlineData("\"Label\";\"ImagePath\"\r\ncat;a.jpg\r\n")]
    [InlineData("imagepath,LABEL\na.jpg,cat\n")]
    [InlineData("id, Label , ImagePath\n1,cat,a.jpg\n")]
    public void Read_ListOfASpreadsheet_FindsSeparatorAndColumns(string text)
    {
        string path = _folder.Write("list.csv", text);

        Assert.Equal([new() { ImagePath = _folder["a.jpg"], Label = "cat" }], ImageList.Read(path, new()));
    }

    [Fact]
    public void Read_AFolder_IsNotAMissingFile() =>
        Assert.Equal($"'{_folder.Path}' is a folder, not a file.", Assert.Throws<FileNotFoundException>(() => ImageList.Read(_folder.Path, new())).Message);

    [Theory]
    [InlineData("Path,Label\na,b", true, "line 1: the header has no column 'ImagePath'; it has 'Path', 'Label'")]
    [InlineData("ImagePath,Label\na,b\nc,", true, "line 3: the label is empty")]
    [InlineData("ImagePath,Label\n,b", true, "line 2: the image's path is empty")]
    [InlineData("a,b,c", false, "line 1: there are 3 fields")]
    [InlineData("", true, "is empty")]
    [InlineData("ImagePath,Label\n", true, "has a header, but lists no images")]
    [InlineData("ImagePath;Label\na,b;c;d", true, "line 2: there are 3 fields, but the first record has 2")]
    public void Read_Damage_NamesFileAndLine(string text, bool header, string expected)
    {
        string path = _folder.Write("list.csv", text);

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => ImageList.Read(path, new() { HasHeader = header }));

        Assert.Contains(path, refusal.Message);
        Assert.Contains(expected, refusal.Message);
    }

    [Fact]
    public void Read_MissingList_NamesIt() =>
        Assert.Contains("nothing.csv", Assert.Throws<FileNotFoundException>(() => ImageList.Read(_folder["nothing.csv"], new())).Message);
}
