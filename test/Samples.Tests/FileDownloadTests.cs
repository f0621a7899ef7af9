using System.Net;
using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

public sealed class FileDownloadTests : IDisposable
{
    private static readonly HttpClient Client = new();
    private static readonly byte[] Content = [.. Enumerable.Range(0, 500_000).Select(i => (byte)(i * i / 7))];

    private readonly TemporaryFolder _folder = new();
    private readonly FileServer _server = new(Content);

    private string Target => _folder["sub/file.bin"];

    private FileDownload Download => new(_server.Address, Convert.ToHexString(SHA256.HashData(Content)));

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task FetchAsync_AFile_GivesItAndTellsHowFarItIs()
    {
        Reports reports = new();

        await Download.FetchAsync(Target, Client, reports);

        Assert.Equal(Content, File.ReadAllBytes(Target));
        Assert.Equal([Target], Directory.GetFiles(_folder["sub"]));
        Assert.Equal(new DownloadProgress(0, Content.Length), reports.All[0]);
        Assert.Equal(new DownloadProgress(Content.Length, Content.Length), reports.All[^1]);
        Assert.Equal(reports.All.Select(report => report.Bytes).Order(), reports.All.Select(report => report.Bytes));
    }

    [Fact]
    public async Task FetchAsync_MoreBytesThanAnyFileHas_StopsAndKeepsNone()
    {
        FileDownload download = Download with { MaxBytes = Content.Length - 1 };

        IOException error = await Assert.ThrowsAsync<IOException>(() => download.FetchAsync(Target, Client));

        Assert.Contains("sends more than 499999 bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(Target + ".part").Length);
    }

    [Fact]
    public async Task FetchAsync_WhatIsThere_AsksNobody()
    {
        _folder.Write("sub/file.bin", Content);

        await Download.FetchAsync(Target, Client);

        Assert.Empty(_server.Ranges);
    }

    [Fact]
    public async Task FetchAsync_CutOff_GoesOnWhereItStopped()
    {
        _server.CutAfter = 200_000;
        for (int attempt = 0; attempt < 2; attempt++)
        {
            IOException cut = await Assert.ThrowsAsync<IOException>(() => Download.FetchAsync(Target, Client));
            Assert.Contains(_server.Address.ToString(), cut.Message, StringComparison.Ordinal);
            Assert.False(File.Exists(Target));
        }

        Reports reports = new();
        long there = new FileInfo(Target + ".part").Length;

        await Download.FetchAsync(Target, Client, reports);

        Assert.Equal(Content, File.ReadAllBytes(Target));
        Assert.False(File.Exists(Target + ".part"));
        Assert.InRange(there, 1, 400_000);
        Assert.Equal($"bytes={there}-", _server.Ranges[^1]);
        Assert.Equal(new DownloadProgress(there, Content.Length), reports.All[0]);
    }

    [Fact]
    public async Task FetchAsync_AllButTheRename_TakesWhatIsThere()
    {
        _folder.Write("sub/file.bin.part", Content);

        await Download.FetchAsync(Target, Client);

        Assert.Equal(Content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task FetchAsync_ServerWithoutRanges_BeginsAgain()
    {
        _server.KnowsRanges = false;
        _folder.Write("sub/file.bin.part", new byte[1000]);

        await Download.FetchAsync(Target, Client);

        Assert.Equal(Content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task FetchAsync_WrongContent_IsRefusedAndForgotten()
    {
        FileDownload other = Download with { Sha256 = new string('0', 64) };

        InvalidDataException refusal = await Assert.ThrowsAsync<InvalidDataException>(() => other.FetchAsync(Target, Client));

        Assert.Contains(other.Sha256, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(Download.Sha256.ToLowerInvariant(), refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder["sub"]));
    }

    [Fact]
    public async Task FetchAsync_WrongBeginning_IsFoundOutAndFetchedAnew()
    {
        _folder.Write("sub/file.bin.part", new byte[1000]);

        await Assert.ThrowsAsync<InvalidDataException>(() => Download.FetchAsync(Target, Client));
        await Download.FetchAsync(Target, Client);

        Assert.Equal(Content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task FetchAsync_AnotherFileUnderTheName_IsLeftAloneAndNamed()
    {
        _folder.Write("sub/file.bin", "mine");

        InvalidDataException refusal = await Assert.ThrowsAsync<InvalidDataException>(() => Download.FetchAsync(Target, Client));

        Assert.Contains(Target, refusal.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(Target));
    }

    [Fact]
    public async Task FetchAsync_WithoutANetwork_SaysWhatToPutWhere()
    {
        using HttpClient offline = new(new Unreachable());

        IOException error = await Assert.ThrowsAsync<IOException>(() => Download.FetchAsync(Target, offline));

        Assert.Contains("no route", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder["sub"]));
        Assert.Contains($"put it at '{Target}' (SHA-256 {Download.Sha256})", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    public async Task FetchAsync_Refused_SaysSo(HttpStatusCode status)
    {
        _server.Refusal = status;

        IOException error = await Assert.ThrowsAsync<IOException>(() => Download.FetchAsync(Target, Client));

        Assert.Contains(((int)status).ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FetchAsync_Canceled_KeepsWhatArrived()
    {
        using CancellationTokenSource stop = new();
        Reports reports = new()
        {
            OnReport = report =>
            {
                if (report.Bytes > 0)
                {
                    stop.Cancel();
                }
            },
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Download.FetchAsync(Target, Client, reports, stop.Token));

        Assert.InRange(new FileInfo(Target + ".part").Length, 1, Content.Length);
        await Download.FetchAsync(Target, Client);
        Assert.Equal(Content, File.ReadAllBytes(Target));
    }

    private sealed class Reports : IProgress<DownloadProgress>
    {
        public List<DownloadProgress> All { get; } = [];

        public Action<DownloadProgress>? OnReport { get; init; }

        public void Report(DownloadProgress value)
        {
            All.Add(value);
            OnReport?.Invoke(value);
        }
    }

    private sealed class Unreachable : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) =>
            throw new HttpRequestException("no route to host");
    }
}
