using System.Diagnostics;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Tests.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    private string Target => Path.Combine(_folder.FullName, "file");

    [Fact]
    public void Write_NewFile_ContainsWhatWasWritten()
    {
        AtomicFile.Write(Target, stream => stream.Write([1, 2, 3]));

        Assert.Equal([1, 2, 3], File.ReadAllBytes(Target));
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public void Write_AfterAWriterWasKilled_RemovesItsRest_AndLeavesThatOfARunningOne()
    {
        using Process ended = Process.Start("dotnet", "--version");
        ended.WaitForExit();
        string Written(string file, int process) =>
            AtomicFile.TemporaryPath(file).Replace($"-{Environment.ProcessId}-", $"-{process}-", StringComparison.Ordinal);
        string rest = Written(Target, ended.Id);
        string ofAnotherMachine = $"{Target}.another-{ended.Id}-{Guid.NewGuid():N}.tmp";
        string[] kept = [Written(Target, Environment.ProcessId), ofAnotherMachine, $"{Target}.notes.tmp", Written($"{Target}2", ended.Id)];
        string ofAnEarlierProcessWithTheSameNumber = AtomicFile.TemporaryPath(Target);
        Array.ForEach([rest, ofAnEarlierProcessWithTheSameNumber, .. kept], file => File.WriteAllText(file, "a part"));
        File.SetLastWriteTime(ofAnEarlierProcessWithTheSameNumber, DateTime.Now.AddDays(-1));

        AtomicFile.Write(Target, stream => stream.Write([1]));

        Assert.Equal(kept.Append(Target).Order(), _folder.GetFiles().Select(file => file.FullName).Order());
    }

    [Fact]
    public void Write_WriterThrows_KeepsTheOldFileAndNothingElse()
    {
        File.WriteAllText(Target, "old");

        Assert.Throws<FormatException>(() =>
            AtomicFile.Write(
                Target,
                stream =>
                {
                    stream.Write([1, 2, 3]);
                    throw new FormatException();
                }
            )
        );

        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public void Write_WhileItIsWritten_ReadersSeeTheOldFile()
    {
        File.WriteAllText(Target, "old");

        AtomicFile.Write(
            Target,
            stream =>
            {
                stream.Write([1, 2, 3]);
                stream.Flush();
                Assert.Equal("old", File.ReadAllText(Target));
            }
        );

        Assert.Equal([1, 2, 3], File.ReadAllBytes(Target));
    }

    [Fact]
    public void Write_MissingFolder_Throws() =>
        Assert.ThrowsAny<IOException>(() => AtomicFile.Write(Path.Combine(_folder.FullName, "missing", "file"), _ => { }));

    [Fact]
    public async Task Write_ManyWritersAtOnce_GiveOneCompleteFile()
    {
        await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => Task.Run(() => AtomicFile.Write(Target, stream => stream.Write(Enumerable.Repeat((byte)i, 10_000).ToArray()))))
        );

        byte[] file = File.ReadAllBytes(Target);
        Assert.Equal(10_000, file.Length);
        Assert.Single(file.Distinct());
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public void RemoveAbandoned_WhileAnotherFileIsWritten_KeepsThatFile()
    {
        File.WriteAllText(Target, "whole");
        string abandoned = AtomicFile.TemporaryPath(Target);
        File.WriteAllText(abandoned, "half");

        AtomicFile.Write(
            Target,
            stream =>
            {
                stream.Write([1, 2, 3]);
                AtomicFile.RemoveAbandoned(_folder.FullName, Path.GetFileName(Target));
                Assert.False(File.Exists(abandoned));
            }
        );

        Assert.Equal([1, 2, 3], File.ReadAllBytes(Target));
        Assert.Single(_folder.GetFiles());
        AtomicFile.RemoveAbandoned(Path.Combine(_folder.FullName, "missing"), "*");
    }

    [SkippableFact]
    public void Write_Link_ReplacesTheFileThatItLeadsTo()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege.");
        string elsewhere = Path.Combine(_folder.CreateSubdirectory("elsewhere").FullName, "real");
        File.WriteAllText(elsewhere, "old");
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "second"), elsewhere);
        File.CreateSymbolicLink(Target, Path.Combine(_folder.FullName, "second"));

        AtomicFile.Write(Target, stream => stream.Write("new"u8));

        Assert.Equal("new", File.ReadAllText(elsewhere));
        Assert.Equal(Path.Combine(_folder.FullName, "second"), new FileInfo(Target).LinkTarget);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(elsewhere)!));
    }

    [SkippableFact]
    public void Write_DanglingLink_CreatesTheFileThatItLeadsTo()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege.");
        string real = Path.Combine(_folder.FullName, "real");
        File.CreateSymbolicLink(Target, real);

        AtomicFile.Write(Target, stream => stream.Write("new"u8));

        Assert.Equal("new", File.ReadAllText(real));
        Assert.Equal(real, new FileInfo(Target).LinkTarget);
    }

    [SkippableTheory]
    [InlineData("600")]
    [InlineData("640")]
    [InlineData("664")]
    public void Write_OldFile_KeepsItsModeAndOwner(string mode)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Modes of Linux.");
        File.WriteAllText(Target, "old");
        Run("chmod", mode, Target);
        string owner = TryRun("chown", "12345:23456", Target) ? "12345 23456" : Run("stat", "-c", "%u %g", Target);
        string during = "";

        AtomicFile.Write(Target, stream => during = Run("stat", "-c", "%a", ((FileStream)stream).Name));

        Assert.Equal($"{mode} {owner}", Run("stat", "-c", "%a %u %g", Target));
        Assert.Equal("600", during);
    }

    [SkippableFact]
    public async Task Write_Pipe_WritesToItAndKeepsIt()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Pipes of Linux.");
        Run("mkfifo", Target);
        Task<string> reader = Task.Run(() => File.ReadAllText(Target));

        AtomicFile.Write(
            Target,
            stream =>
            {
                stream.Write("?ew"u8);
                stream.Position = 0;
                stream.Write("n"u8);
            }
        );

        Assert.Equal("new", await reader);
        Assert.Equal("fifo", Run("stat", "-c", "%F", Target));
        Assert.Single(_folder.GetFileSystemInfos());
    }

    [SkippableFact]
    public void Write_Device_WritesToItAndKeepsIt()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Devices of Linux.");
        // A null device of the test's own.
        Skip.IfNot(TryRun("mknod", Target, "c", "1", "3"), "Only root may make a device.");
        Skip.IfNot(TryRun("dd", "if=/dev/zero", $"of={Target}", "bs=1", "count=1"), "Devices do not work in this folder.");

        AtomicFile.Write(Target, stream => stream.Write("new"u8));

        Assert.Equal("character special file", Run("stat", "-c", "%F", Target));
        Assert.Single(_folder.GetFileSystemInfos());
    }

    [SkippableFact]
    public void Write_PipeAndWriterThrows_WritesNothing()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Pipes of Linux.");
        Run("mkfifo", Target);

        // With no reader, opening the pipe would wait for ever.
        Assert.Throws<FormatException>(() => AtomicFile.Write(Target, _ => throw new FormatException()));
    }

    [SkippableFact]
    public void Write_MountedFile_SaysThatTheOldFileIsUnchanged()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Mounts of Linux.");
        File.WriteAllText(Target, "old");
        Skip.IfNot(TryRun("mount", "--bind", Target, Target), "Only root may mount.");
        try
        {
            IOException error = Assert.ThrowsAny<IOException>(() => AtomicFile.Write(Target, stream => stream.Write("new"u8)));

            Assert.Contains($"'{Target}' cannot be written. The old file is unchanged.", error.Message, StringComparison.Ordinal);
            Assert.Equal("old", File.ReadAllText(Target));
            Assert.Single(_folder.GetFiles());
        }
        finally
        {
            Run("umount", Target);
        }
    }

    [SkippableFact]
    public void Write_ReadOnlyFolder_SaysThatTheOldFileIsUnchanged()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Modes of Linux.");
        File.WriteAllText(Target, "old");
        // Root may write to a folder whatever its mode is, but not to a mount that is read-only.
        bool isMounted = TryRun("mount", "--bind", _folder.FullName, _folder.FullName);
        Run("chmod", "555", _folder.FullName);
        try
        {
            Skip.If(isMounted && !TryRun("mount", "-o", "remount,ro,bind", _folder.FullName), "Only root may mount.");

            IOException error = Assert.ThrowsAny<IOException>(() => AtomicFile.Write(Target, stream => stream.Write("new"u8)));

            Assert.Contains($"'{Target}' cannot be written. The old file is unchanged.", error.Message, StringComparison.Ordinal);
            Assert.Equal("old", File.ReadAllText(Target));
        }
        finally
        {
            if (isMounted)
            {
                Run("umount", _folder.FullName);
            }

            Run("chmod", "755", _folder.FullName);
        }
    }

    [Fact]
    public void Write_FolderAsFile_SaysSo()
    {
        Directory.CreateDirectory(Target);

        IOException error = Assert.ThrowsAny<IOException>(() => AtomicFile.Write(Target, stream => stream.Write("new"u8)));

        Assert.Equal($"'{Target}' cannot be written. It is a folder.", error.Message);
    }

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = process.StandardOutput.ReadToEnd();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.TrimEnd() : throw new InvalidOperationException(errors);
    }

    private static bool TryRun(string program, params string[] arguments)
    {
        try
        {
            Run(program, arguments);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
