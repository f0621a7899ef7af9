using System.Diagnostics;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Tests.Pixels;

public sealed class PixelFileTests : IDisposable
{
    private const int ImageBytes = 12;
    private const int Count = 5;
    private static readonly byte[] Notes = [7, 8, 9];

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _notices = [];

    [Fact]
    public void Finish_NamedFile_IsFoundWithItsRowsInAnyOrder()
    {
        Write("a").Dispose();

        using FilePixels pixels = FilePixels.Find(_folder.Path, "a", ImageBytes, _notices.Add)!;

        Assert.Equal(Count, pixels.Count);
        Assert.Equal(Notes, pixels.Notes);
        Assert.Equal(
            [
                [.. Image(4), .. Image(0)],
                [.. Image(2), .. Image(2), .. Image(1)],
            ],
            pixels.Read([
                [4, 0],
                [2, 2, 1],
            ])
        );
        Assert.Equal(PixelStore.ChecksumOf(Image(3)), pixels.Checksum(3));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            pixels
                .Read([
                    [Count],
                ])
                .First()
        );
        Assert.Empty(_notices);
    }

    [Fact]
    public void Open_MissingFile_GivesNullWithoutWarning()
    {
        Write("a").Dispose();

        Assert.Null(FilePixels.Find(_folder.Path, "b", ImageBytes, _notices.Add));
        Assert.Empty(_notices);
    }

    [Fact]
    public void Open_FileOfOtherImages_GivesNullAndWarns()
    {
        Write("a").Dispose();

        Assert.Null(FilePixels.Find(_folder.Path, "a", ImageBytes + 1, _notices.Add));
        Assert.Contains("Its images have 12 bytes, not 13.", Assert.Single(_notices), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_FileOfAnEarlierFormat_GivesNullAndWarns()
    {
        byte[] whole = Bytes();
        whole[^(PixelFileFooter.Size - sizeof(ulong))]--;
        Damage(whole);

        Assert.Null(FilePixels.Find(_folder.Path, "a", ImageBytes, _notices.Add));
        Assert.Contains("Its format version is 2", Assert.Single(_notices), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TruncatedFile_IsRejected()
    {
        byte[] whole = Bytes();

        for (int length = 0; length < whole.Length; length++)
        {
            Damage(whole[..length]);
            Assert.Null(FilePixels.Find(_folder.Path, "a", ImageBytes, _notices.Add));
        }

        Assert.Equal(whole.Length, _notices.Count);
    }

    [Fact]
    public void Read_AnyBitFlipped_IsDetected()
    {
        byte[] whole = Bytes();

        for (int bit = 0; bit < 8 * whole.Length; bit++)
        {
            byte[] damaged = [.. whole];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Damage(damaged);
            using FilePixels? pixels = FilePixels.Find(_folder.Path, "a", ImageBytes, _notices.Add);
            if (pixels is not null)
            {
                InvalidDataException error = Assert.Throws<InvalidDataException>(() =>
                    pixels
                        .Read([
                            [.. Enumerable.Range(0, Count)],
                        ])
                        .First()
                );
                Assert.Contains(FormattableString.Invariant($"damaged at image {bit / 8 / ImageBytes}, byte"), error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Finish_TwoWritersAtOnce_BothReadTheirOwnAndOneFileRemains()
    {
        using PixelFileWriter one = new(_folder.Path, "a", ImageBytes, 0);
        using PixelFileWriter other = new(_folder.Path, "a", ImageBytes, 0);
        Fill(one);
        Fill(other);

        using FilePixels first = one.Finish(Notes);
        using FilePixels second = other.Finish(Notes);
        using FilePixels found = FilePixels.Find(_folder.Path, "a", ImageBytes, _notices.Add)!;

        Assert.All(
            [first, second, found],
            pixels =>
                Assert.Equal(
                    [Image(3)],
                    pixels.Read([
                        [3],
                    ])
                )
        );
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Create_FilesOfDeadWriters_AreRemovedAndNoOthers()
    {
        using PixelFileWriter alive = new(_folder.Path, "alive", ImageBytes, 0);
        Fill(alive);
        string abandoned = Path.Combine(_folder.Path, "a.pixels.1-2.tmp");
        File.WriteAllBytes(abandoned, Image(1));
        string others = Path.Combine(_folder.Path, "letter.tmp");
        File.WriteAllBytes(others, Image(1));

        new PixelFileWriter(_folder.Path, "a", ImageBytes, 0).Dispose();

        Assert.False(File.Exists(abandoned));
        Assert.True(File.Exists(others));
        using FilePixels pixels = alive.Finish(Notes);
        Assert.Equal(
            [Image(3)],
            pixels.Read([
                [3],
            ])
        );
    }

    [Fact]
    public void Writer_WithoutAName_RemovesTheFileOfAnEndedProcess()
    {
        using Process ended = Process.Start("dotnet", "--version");
        ended.WaitForExit();
        string own = AtomicFile.TemporaryPath(Path.Combine(_folder.Path, "images"));
        string abandoned = own.Replace($"-{Environment.ProcessId}-", $"-{ended.Id}-", StringComparison.Ordinal);
        Array.ForEach([own, abandoned], file => File.WriteAllText(file, "a part"));

        using PixelFileWriter writer = new(_folder.Path, null, ImageBytes, expectedBytes: 1000);

        Assert.True(File.Exists(own));
        Assert.False(File.Exists(abandoned));
    }

    [Fact]
    public void Dispose_NotFinished_DeletesTheFile()
    {
        using (PixelFileWriter writer = new(_folder.Path, "a", ImageBytes, expectedBytes: 1000))
        {
            Fill(writer);
        }

        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [SkippableFact]
    public void Finish_NoName_CanBeReadAndHasNoName()
    {
        Skip.If(OperatingSystem.IsWindows(), "There the file goes when it is closed.");
        using PixelFileWriter writer = new(_folder.Path, null, ImageBytes, expectedBytes: 1000);
        Fill(writer);

        using FilePixels pixels = writer.Finish(Notes);

        Assert.Equal(
            [Image(3)],
            pixels.Read([
                [3],
            ])
        );
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Create_InvalidFolder_NamesFileAndCause()
    {
        string file = Path.Combine(_folder.Path, "file");
        File.WriteAllBytes(file, []);

        PixelFileException error = Assert.Throws<PixelFileException>(() => new PixelFileWriter(Path.Combine(file, "below"), "a", ImageBytes, 0));

        Assert.Contains("below", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.InnerException);
    }

    [SkippableFact]
    public void Create_FullDisk_FailsBeforeTheFirstImage()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Not every file system reserves room.");

        Assert.Throws<PixelFileException>(() => new PixelFileWriter(_folder.Path, "a", ImageBytes, expectedBytes: 1L << 60));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Image(int seed) => [.. Enumerable.Range(0, ImageBytes).Select(i => (byte)((i * 31) + (seed * 7)))];

    private static void Fill(PixelFileWriter writer)
    {
        for (int i = 0; i < Count; i++)
        {
            writer.Add(Image(i));
        }
    }

    private FilePixels Write(string name)
    {
        using PixelFileWriter writer = new(_folder.Path, name, ImageBytes, Count * ImageBytes);
        Fill(writer);
        return writer.Finish(Notes);
    }

    private byte[] Bytes()
    {
        Write("a").Dispose();
        return File.ReadAllBytes(Path.Combine(_folder.Path, "a.pixels"));
    }

    private void Damage(byte[] bytes) => File.WriteAllBytes(Path.Combine(_folder.Path, "a.pixels"), bytes);
}
