using System.Text;
using Microsoft.ML.FeatureMining.Tests;
using Microsoft.ML.FeatureMining.Tests.Models.Hub;

namespace Samples.Tests;

/// <summary><c>download</c> of pretrained weights, from a server on the loopback.</summary>
public sealed class DownloadWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HubServer _server = new();

    public DownloadWeightsTests()
    {
        _server.Files["config.json"] = Encoding.UTF8.GetBytes(
            """{"architecture":"resnet18","pretrained_cfg":{"input_size":[3,96,96],"mean":[0.5,0.4,0.3],"std":[0.2,0.25,0.3]}}"""
        );
        _server.Files["model.safetensors"] = new byte[3 << 20];
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Download_WeightsOfTheHub_FillsTheCacheTellsHowFarAndWhatIsNext()
    {
        (int code, string output, string error) = Run("download", "timm/tiny");

        Assert.True(code == 0, error);
        string weights = Path.Combine(_folder["home"], "hub", "models--timm--tiny", "snapshots", HubServer.Commit, "model.safetensors");
        Assert.Equal(3 << 20, File.ReadAllBytes(weights).Length);
        Assert.Contains("3.0 of 3.0 MiB", output, StringComparison.Ordinal);
        Assert.Contains($"{weights}: complete, checksum correct.", output, StringComparison.Ordinal);
        Assert.Contains("train --images FOLDER --initial-weights timm/tiny", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error: There is no data set 'cifar-11'. Did you mean 'cifar-10'", "cifar-11")]
    [InlineData("error: --out is for data sets.", "timm/tiny", "--out", "data")]
    [InlineData("error: --from is for data sets. HF_ENDPOINT names a mirror", "timm/tiny", "--from", "http://127.0.0.1:9")]
    public void Download_WhatCannotBe_IsRefusedBeforeAnythingIsAsked(string expected, params string[] words)
    {
        (int code, _, string error) = Run(["download", .. words]);

        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public void Download_TheHubRefuses_IsOneSentence()
    {
        _server.Token = "secret";

        (int code, _, string error) = Run("download", "timm/tiny");

        Assert.Equal(1, code);
        Assert.Contains("HF_TOKEN", error, StringComparison.Ordinal);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private (int Code, string Output, string Error) Run(params string[] words) =>
        ProgramRun.ToEnd(
            "Samples",
            _folder.Path,
            new Dictionary<string, string>
            {
                ["HF_ENDPOINT"] = _server.Address.ToString(),
                ["HF_HOME"] = _folder["home"],
                ["HF_HUB_CACHE"] = "",
                ["HF_HUB_OFFLINE"] = "",
                ["HF_TOKEN"] = "",
            },
            words
        );
}
