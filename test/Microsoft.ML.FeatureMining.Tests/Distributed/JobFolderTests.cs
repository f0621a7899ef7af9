using System.Diagnostics;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Trainers;

namespace Microsoft.ML.FeatureMining.Tests.Distributed;

/// <summary>The folder for temporary files is shared with other users, who may prepare folders in it.</summary>
public sealed class JobFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _trap = ScratchFolder.PathOf(Path.GetTempPath(), Guid.NewGuid());

    public void Dispose()
    {
        if (File.Exists(_trap) || new DirectoryInfo(_trap).LinkTarget is not null)
        {
            File.Delete(_trap);
        }
        else if (Directory.Exists(_trap))
        {
            Directory.Delete(_trap, recursive: true);
        }

        _folder.Dispose();
    }

    [SkippableFact]
    public void Create_ALinkWithTheNameOfAFolder_IsNotFollowed()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need rights.");
        string mine = _folder.Write("owner", "mine");
        Directory.CreateSymbolicLink(_trap, _folder.Path);

        using (JobFolder.Create(new SingleProcess(), first: 0)) { }

        Assert.Equal("mine", File.ReadAllText(mine));
        Assert.Equal([mine], Directory.GetFileSystemEntries(_folder.Path));
    }

    [SkippableFact]
    public void Create_AFolderOfAnotherUser_IsLeftAlone()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root may give a folder away.");
        string mine = _folder.Write("mine", "mine");
        Directory.CreateDirectory(_trap);
        File.CreateSymbolicLink(Path.Combine(_trap, "owner"), mine);
        Process.Start("/bin/sh", ["-c", $"chown 65534 '{_trap}'"]).WaitForExit();

        using (JobFolder.Create(new SingleProcess(), first: 0)) { }

        Assert.Equal("mine", File.ReadAllText(mine));
        Assert.True(Directory.Exists(_trap));
    }

    [Fact]
    public void Create_AFolderOfAKilledJob_IsDeletedAndItsOwnIsPrivate()
    {
        Directory.CreateDirectory(_trap);

        using JobFolder folder = JobFolder.Create(new SingleProcess(), first: 0);

        Assert.False(Directory.Exists(_trap));
        Assert.True(OperatingSystem.IsWindows() || (File.GetUnixFileMode(folder.Path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == 0);
    }
}
