using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Tests.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.Files;

/// <summary>Tar files on a web server.</summary>
public sealed class RemoteFileTests : IDisposable
{
    private static readonly (string Name, byte[] Bytes)[] Members =
    [
        .. Enumerable
            .Range(0, 5)
            .SelectMany(i => ((string, byte[])[])[($"{i}.jpg", [.. Enumerable.Repeat((byte)i, 600_000)]), ($"{i}.cls", TarFiles.Text($"{i % 2}"))]),
    ];

    private readonly RangeServer _server = new(TarFiles.Of(Members));

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Read_Shard_GivesLabelsAndImagesInAnyOrder()
    {
        IReadOnlyList<TarImageRow> rows = Read();

        Assert.Equal(["0", "1", "0", "1", "0"], rows.Select(row => row.Label));
        Assert.All(rows.Index().Reverse(), row => Assert.Equal(Members[2 * row.Index].Bytes, ImageTars.ReadImage(row.Item.ImagePath)));
        // 3 MB of headers and images in parts of 1 MiB, after the length; then one request per image.
        Assert.InRange(_server.Ranges.Count, 1 + 3 + 5, 1 + 8 + 5);
    }

    [Fact]
    public void Read_NoRanges_SaysWhatToDo()
    {
        _server.KnowsRanges = false;

        Assert.Contains("does not support range requests", Assert.Throws<IOException>(Read).Message, StringComparison.Ordinal);
        Assert.Single(_server.Ranges);
    }

    [Theory]
    [InlineData(404, "has no file")]
    [InlineData(403, "does not give access")]
    [InlineData(301, "answered 301")]
    public void Read_Refused_IsNotTriedAgain(int status, string expected)
    {
        _server.Faults.Enqueue(status);

        IOException error = Assert.Throws<IOException>(Read);

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(_server.Address, error.Message, StringComparison.Ordinal);
        Assert.Single(_server.Ranges);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(0)]
    public void ReadImage_FailsForAMoment_IsTriedAgain(int fault)
    {
        string path = Read()[3].ImagePath;
        _server.Faults.Enqueue(fault);
        _server.Faults.Enqueue(fault);
        int before = _server.Ranges.Count;

        Assert.Equal(Members[6].Bytes, ImageTars.ReadImage(path));
        Assert.Equal(before + 3, _server.Ranges.Count);
    }

    [Fact]
    public void Read_FailsAlways_EndsAfterFourAttempts()
    {
        Array.ForEach([500, 500, 500, 500], _server.Faults.Enqueue);

        IOException error = Assert.Throws<IOException>(Read);

        Assert.Contains("4 attempts failed. The server answered 500.", error.Message, StringComparison.Ordinal);
        Assert.Equal(4, _server.Ranges.Count);
    }

    [Fact]
    public void Read_CanceledWhileTheServerHangs_EndsSoon()
    {
        _server.Hangs = true;
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(200));

        Assert.ThrowsAny<OperationCanceledException>(() => Read(stop.Token));
    }

    [Fact]
    public void ReadImage_FileWasReplaced_SaysSo()
    {
        string path = Read()[0].ImagePath;
        _server.Tag = "\"2\"";

        Assert.Contains("has changed since it was loaded", Assert.Throws<IOException>(() => ImageTars.ReadImage(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadImage_AddressThatWasNotLoaded_IsNotAsked()
    {
        string path = new TarMember(_server.Address + "/other", "a.jpg", 0, 1, "0123456789abcdef").ToString();

        Assert.Contains("was not loaded in this process", Assert.Throws<IOException>(() => ImageTars.ReadImage(path)).Message, StringComparison.Ordinal);
        Assert.Empty(_server.Ranges);
    }

    [Fact]
    public void Read_AddressWithAQuery_DoesNotShowIt()
    {
        IReadOnlyList<TarImageRow> rows = TarShard.Read(_server.Address + "?signature=secret", new(), null, _ => { }, CancellationToken.None);

        Assert.All(rows, row => Assert.DoesNotContain("secret", row.ImagePath, StringComparison.Ordinal));
        Assert.Equal(Members[8].Bytes, rows[4].Image);
    }

    [Fact]
    public void Read_EmptyFile_IsTruncated()
    {
        _server.Content = [];

        Assert.Contains("is truncated", Assert.Throws<InvalidDataException>(Read).Message, StringComparison.Ordinal);
    }

    private IReadOnlyList<TarImageRow> Read() => Read(CancellationToken.None);

    private IReadOnlyList<TarImageRow> Read(CancellationToken token) => TarShard.Read(_server.Address, new(), null, _ => { }, token);
}
