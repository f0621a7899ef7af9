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

    public void Dispose() => _folder.Delete(recursive: true);
}
