using System.Runtime.Versioning;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Tests.Files;

public sealed class ScratchFolderTests : IDisposable
{
    private readonly TemporaryFolder _parent = new();

    [Fact]
    public void Create_Disposed_IsDeletedWithItsFiles()
    {
        using (ScratchFolder folder = ScratchFolder.Create(_parent.Path))
        {
            File.WriteAllText(Path.Combine(folder.Path, "file"), "a part");
            Assert.Equal(folder.Path, Assert.Single(Directory.GetDirectories(_parent.Path)));
        }

        Assert.Empty(Directory.GetFileSystemEntries(_parent.Path));
    }

    [Fact]
    public void Create_BesideThatOfAKilledProcessAndOfARunningOne_DeletesTheFirst()
    {
        string killed = ScratchFolder.PathOf(_parent.Path, Guid.NewGuid());
        _parent.Write(Path.Combine(killed, "inner", "file"), "a part");
        _parent.Write(Path.Combine(killed, "lock"), "");
        string another = Directory.CreateDirectory(_parent["mlnetfm-notes"]).FullName;
        using ScratchFolder running = ScratchFolder.Create(_parent.Path);

        using ScratchFolder folder = ScratchFolder.Create(_parent.Path);

        Assert.Equal(new[] { another, folder.Path, running.Path }.Order(), Directory.GetDirectories(_parent.Path).Order());
    }

    [Fact]
    public void Create_FirstParentIsMissing_UsesTheNextAndDoesNotMakeIt()
    {
        using ScratchFolder folder = ScratchFolder.Create(_parent["missing"], _parent.Path);

        Assert.Equal(_parent.Path, Path.GetDirectoryName(folder.Path));
        Assert.False(Directory.Exists(_parent["missing"]));
        Assert.Contains(_parent["missing"], Assert.Throws<IOException>(() => ScratchFolder.Create(_parent["missing"])).Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    [UnsupportedOSPlatform("windows")]
    public void Create_OtherUsers_CannotReadIt()
    {
        Skip.If(OperatingSystem.IsWindows(), "The folder for temporary files is the user's.");
        using ScratchFolder folder = ScratchFolder.Create(_parent.Path);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.Path));
    }

    [Fact]
    public async Task Create_ManyAtOnce_EachHasItsOwn()
    {
        string[] paths = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i =>
                    Task.Run(() =>
                    {
                        string path = "";
                        for (int again = 0; again < 20; again++)
                        {
                            using ScratchFolder folder = ScratchFolder.Create(_parent.Path);
                            path = folder.Path;
                            string file = Path.Combine(path, "file");
                            File.WriteAllText(file, "mine");
                            Assert.Equal("mine", File.ReadAllText(file));
                        }

                        return path;
                    })
                )
        );

        Assert.Equal(8, paths.Distinct().Count());
        Assert.Empty(Directory.GetFileSystemEntries(_parent.Path));
    }

    public void Dispose() => _parent.Dispose();
}
