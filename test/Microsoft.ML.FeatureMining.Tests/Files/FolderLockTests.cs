using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Tests.Files;

public sealed class FolderLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // As on a full disk.
    [Fact]
    public void Constructor_OwnerCannotBeWritten_LeavesNoLock()
    {
        Directory.CreateDirectory(_folder["owner"]);

        Assert.ThrowsAny<Exception>(() => new FolderLock(_folder.Path, "run"));

        Directory.Delete(_folder["owner"]);
        using FolderLock held = new(_folder.Path, "run");
        Assert.Null(FolderLock.Try(_folder.Path, "run"));
    }

    [Fact]
    public void Try_FolderIsMissing_DoesNotMakeIt()
    {
        Assert.Throws<DirectoryNotFoundException>(() => FolderLock.Try(_folder["missing"], "run"));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();
}
