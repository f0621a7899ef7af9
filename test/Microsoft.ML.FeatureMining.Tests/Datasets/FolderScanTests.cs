using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

/// <summary>Folders as people have them: already split, with foreign files and folders, with names from other systems.</summary>
public sealed class FolderScanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("train", "val", "test")]
    [InlineData("training", "validation", "testing")]
    [InlineData("Train", "valid", null)]
    [InlineData("train", null, "test")]
    public void SplitFolder_IsNotTakenForClassesTrainAndTest(string train, string? validation, string? test)
    {
        foreach (string part in new[] { train, validation, test }.OfType<string>())
        {
            Touch($"{part}/cat/1.png", $"{part}/dog/1.png");
        }

        MLContext ml = Context();
        (IDataView rows, IDataView? validated, IDataView? tested) = ml.Data.LoadImageFolderParts(_folder.Path);

        Assert.Equal(["cat", "dog"], Labels(rows));
        Assert.Equal(validation is null, validated is null);
        Assert.Equal(test is null, tested is null);
        Assert.Equal(["cat", "dog"], Labels(validated ?? tested!));
        Assert.Empty(_warnings);
        Assert.All(Paths(ml.Data.LoadImageFolder(_folder.Path)), path => Assert.StartsWith(_folder[train], path, StringComparison.Ordinal));
        Assert.Contains("LoadImageFolderParts loads all parts", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void ClassesCalledTrainAndTest_AreClasses()
    {
        Touch("train/1.png", "test/1.png", "bus/1.png");

        (IDataView rows, IDataView? validation, IDataView? test) = Context().Data.LoadImageFolderParts(_folder.Path);

        Assert.Equal(["bus", "test", "train"], Labels(rows));
        Assert.Null(validation ?? test);
    }

    [Fact]
    public void FoldersThatSystemsLeaveBehind_AreNoClasses()
    {
        Touch(
            "cat/1.png",
            "cat/@eaDir/1.png/thumb.jpg",
            "dog/1.png",
            "@eaDir/1.png",
            "__MACOSX/cat/1.png",
            ".ipynb_checkpoints/1.png",
            "dog/.thumbnails/2.png"
        );

        Assert.Equal(["cat/1.png", "dog/1.png"], Relative(ImageFolder.Read(_folder.Path)));
    }

    [Fact]
    public void EmptyClassFolders_AreAllNamed_OrSkippedWithAWarning()
    {
        Touch("a/1.png", "b/1.png", "c/notes.txt", "d/notes.txt");
        MLContext ml = Context();

        string error = Assert.Throws<InvalidDataException>(() => ml.Data.LoadImageFolder(_folder.Path)).Message;

        Assert.Contains("2 class folders", error, StringComparison.Ordinal);
        Assert.Contains(": c, d.", error, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], Labels(ml.Data.LoadImageFolder(_folder.Path, skipEmptyClasses: true)));
        Assert.EndsWith("skipped class folders without an image: c, d.", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void FilesThatAreNoImagesForUs_AreCountedByKind()
    {
        Touch("a/1.png", "a/2.heic", "a/3.HEIC", "b/1.png", "b/deep/4.tif", "b/photo", "b/notes.txt", "b/Thumbs.db");

        _ = Context().Data.LoadImageFolder(_folder.Path);

        Assert.Equal(
            [
                $"'{_folder.Path}': 1 file without an extension was not read: give images the extension of their format, such as .jpg.",
                $"'{_folder.Path}': 2 .heic files were not read: convert them to JPEG or PNG.",
                $"'{_folder.Path}': 1 .tif file was not read: convert them to JPEG or PNG.",
            ],
            _warnings
        );
    }

    [SkippableFact]
    public void NamesThatAreNotUtf8_AreCountedWithAnExample()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Other systems have no such names.");
        Touch("a/1.png", "b/1.png");
        Shell("""touch "$(printf 'a/caf\351.png')" "$(printf 'b/na\357ve.png')" """);

        _ = Context().Data.LoadImageFolder(_folder.Path);

        // .NET cannot delete them.
        Shell("rm a/caf* b/na*");
        Assert.Contains("2 names are not UTF-8 and cannot be opened, such as", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void NamedPipe_IsPassedOverAndTold()
    {
        Skip.If(OperatingSystem.IsWindows(), "Pipes are no files there.");
        Touch("a/1.png", "b/1.png");
        Shell("mkfifo a/pipe.png");

        Assert.Equal(["1.png", "1.png"], Paths(Context().Data.LoadImageFolder(_folder.Path)).Select(path => Path.GetFileName(path)));
        Assert.Contains("1 file is a pipe and was not read", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    // Each link alone is noticed by its path; together they make a tree of 40 levels, in which each level has twice the folders of the one before.
    [SkippableFact]
    public async Task LinksThatLeadBackToEachOther_EndAndEachImageIsThereOnce()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need rights there.");
        Touch("cat/1.png", "dog/2.png");
        File.CreateSymbolicLink(_folder["cat/up"], "..");
        Directory.CreateSymbolicLink(_folder["dog/self"], $"../../{Path.GetFileName(_folder.Path)}");

        IReadOnlyList<string> images = await Task.Run(() => ImageFolder.Find(_folder["cat"])).WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal([_folder["cat/1.png"], _folder["cat/up/dog/2.png"]], images);
        Assert.Equal([_folder["cat/1.png"], _folder["dog/2.png"]], ImageFolder.Find(_folder.Path));
    }

    [Fact]
    public void DecomposedFolderName_IsTheSameClassAsTheComposedOne()
    {
        // In ordinal order, caffeine is before the composed name and after the decomposed one.
        Touch("mac/cafe\u0301/1.png", "mac/caffeine/1.png", "mac/tea/1.png", "linux/caf\u00e9/1.png", "linux/caffeine/1.png", "linux/tea/1.png");

        Assert.Equal(Labels(Context().Data.LoadImageFolder(_folder["linux"])), Labels(Context().Data.LoadImageFolder(_folder["mac"])));
    }

    [Fact]
    public void ImagesWithoutClassFolders_AreNamedInTheError()
    {
        Touch("1.png", "2.png");

        Assert.EndsWith(
            "it contains none and 2 images.",
            Assert.Throws<InvalidDataException>(() => ImageFolder.Read(_folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    private MLContext Context()
    {
        MLContext ml = new(1);
        ml.Log += (_, entry) => _warnings.AddRange(entry.Kind == ChannelMessageKind.Warning ? [entry.RawMessage] : []);
        return ml;
    }

    private static IEnumerable<string> Labels(IDataView rows) => rows.GetColumn<string>("Label").Distinct();

    private static IEnumerable<string> Paths(IDataView rows) => rows.GetColumn<string>("ImagePath");

    private IEnumerable<string> Relative(IEnumerable<ImageFileRow> rows) =>
        rows.Select(row => Path.GetRelativePath(_folder.Path, row.ImagePath).Replace('\\', '/'));

    private void Shell(string command)
    {
        using Process process = Process.Start(new ProcessStartInfo("sh", ["-c", command]) { WorkingDirectory = _folder.Path })!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private void Touch(params string[] files)
    {
        foreach (string file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
            File.WriteAllBytes(_folder[file], []);
        }
    }
}
