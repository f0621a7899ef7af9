using Microsoft.ML.FeatureMining.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

public sealed class ImageFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("image-folder-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Read_ClassFolders_ListsImagesInOrdinalOrder()
    {
        Touch("b/2.png", "b/10.JPG", "a/deep/er/x.webp", "a/z.gif", "B/y.bmp", "b/1.jpeg");

        IReadOnlyList<ImageFileRow> files = ImageFolder.Read(_root);

        Assert.Equal(["B/y.bmp", "a/deep/er/x.webp", "a/z.gif", "b/1.jpeg", "b/10.JPG", "b/2.png"], files.Select(file => Relative(file.ImagePath)));
        Assert.Equal(["B", "a", "a", "b", "b", "b"], files.Select(file => file.Label));
    }

    [Fact]
    public void Read_HiddenAndOtherFiles_AreSkipped()
    {
        Touch("a/1.png", "a/.2.png", "a/.thumbnails/3.png", "a/notes.txt", "a/Thumbs.db", "b/1.png", ".git/1.png", "readme.png");

        Assert.Equal(["a/1.png", "b/1.png"], ImageFolder.Read(_root).Select(file => Relative(file.ImagePath)));
    }

    [SkippableFact]
    public void Read_LinksThatLoop_Ends()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege there.");
        Touch("a/1.png", "b/1.png");
        Directory.CreateSymbolicLink(Path.Combine(_root, "a", "up"), _root);
        Directory.CreateSymbolicLink(Path.Combine(_root, "b", "self"), Path.Combine(_root, "b"));
        Directory.CreateSymbolicLink(Path.Combine(_root, "b", "around"), Path.Combine(_root, "b", "around"));

        IReadOnlyList<ImageFileRow> files = ImageFolder.Read(_root);

        Assert.Single(files, file => Relative(file.ImagePath) == "a/1.png");
        Assert.Single(files, file => file.Label == "b");
    }

    [SkippableFact]
    public void Read_LinkToImages_FollowsIt()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege there.");
        Touch("data/a/1.png", "data/b/1.png", "elsewhere/2.png");
        Directory.CreateSymbolicLink(Path.Combine(_root, "data", "a", "more"), Path.Combine(_root, "elsewhere"));

        Assert.Equal(
            ["data/a/1.png", "data/a/more/2.png", "data/b/1.png"],
            ImageFolder.Read(Path.Combine(_root, "data")).Select(file => Relative(file.ImagePath))
        );
    }

    [Fact]
    public void Read_NoFolder_NamesIt()
    {
        string missing = Path.Combine(_root, "missing");

        Assert.Contains(missing, Assert.Throws<DirectoryNotFoundException>(() => ImageFolder.Read(missing)).Message);
    }

    [Fact]
    public void Read_EmptyFolder_IsRejected()
    {
        Assert.Contains("none", Assert.Throws<InvalidDataException>(() => ImageFolder.Read(_root)).Message);
    }

    [Fact]
    public void Read_OneClass_NamesIt()
    {
        Touch("alone/1.png");

        Assert.Contains("'alone'", Assert.Throws<InvalidDataException>(() => ImageFolder.Read(_root)).Message);
    }

    [Fact]
    public void Read_ClassWithoutImages_NamesIt()
    {
        Touch("a/1.png", "b/notes.txt");

        Assert.Contains(Path.Combine(_root, "b"), Assert.Throws<InvalidDataException>(() => ImageFolder.Read(_root)).Message);
    }

    private string Relative(string path) => Path.GetRelativePath(_root, path).Replace('\\', '/');

    private void Touch(params string[] files)
    {
        foreach (string file in files)
        {
            string path = Path.Combine(_root, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, []);
        }
    }
}
