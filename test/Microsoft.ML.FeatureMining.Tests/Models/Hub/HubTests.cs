using System.Net;
using System.Text;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Models.Hub;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;

namespace Microsoft.ML.FeatureMining.Tests.Models.Hub;

/// <summary>Downloads from a server that behaves like the Hugging Face Hub, and the cache folder.</summary>
public sealed class HubTests : IDisposable
{
    private const string Config = """
        {"architecture":"resnet18","num_classes":5,"pretrained_cfg":{"tag":"a1_in1k","input_size":[3,96,96],"interpolation":"bicubic","crop_pct":0.95,
        "mean":[0.5,0.4,0.3],"std":[0.2,0.25,0.3]}}
        """;

    private static readonly HubName Tiny = new("timm", "tiny", "main");
    private static readonly Lazy<byte[]> Weights = new(MakeWeights);

    private readonly TemporaryFolder _folder = new();
    private readonly HubServer _server = new();
    private readonly HubSettings _settings;

    public HubTests()
    {
        _settings = new HubSettings(_folder["hub"], _server.Address, Token: null, IsOffline: false);
        _server.Files["config.json"] = Encoding.UTF8.GetBytes(Config);
        _server.Files["model.safetensors"] = Weights.Value;
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Run_NewModel_FillsTheCacheAsTheHubsOwnLibrary()
    {
        List<DownloadProgress> progress = [];

        string path = HubDownload.Run(Tiny, _settings, progress.Add, default);

        string folder = Path.Combine(_folder["hub"], "models--timm--tiny");
        Assert.Equal(Path.Combine(folder, "snapshots", HubServer.Commit, "model.safetensors"), path);
        Assert.Equal(HubServer.Commit, File.ReadAllText(Path.Combine(folder, "refs", "main")));
        Assert.Equal(Weights.Value, File.ReadAllBytes(path));
        Assert.StartsWith(Path.Combine("..", "..", "blobs"), new FileInfo(path).LinkTarget, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(folder, "blobs")).Length);
        Assert.Equal(new DownloadProgress("model.safetensors", Weights.Value.Length, Weights.Value.Length), progress[^1]);
        Assert.Equal(progress.OrderBy(report => report.Received), progress.Where(report => report.File != "config.json").Prepend(progress[0]));
    }

    [Fact]
    public void Run_AgainOrOffline_DoesNotDownloadAgain()
    {
        string path = HubDownload.Run(Tiny, _settings, null, default);
        int requests = _server.Requests.Count(request => request.Contains("GET", StringComparison.Ordinal));

        Assert.Equal(path, HubDownload.Run(Tiny, _settings, null, default));
        Assert.Equal(requests, _server.Requests.Count(request => request.Contains("GET", StringComparison.Ordinal)));
        int all = _server.Requests.Count;
        Assert.Equal(path, HubDownload.Run(Tiny, _settings with { IsOffline = true }, null, default));
        Assert.Equal(all, _server.Requests.Count);
    }

    [Fact]
    public void Run_OfflineWithoutTheModel_Throws()
    {
        IOException error = Assert.Throws<IOException>(() => HubDownload.Run(Tiny, _settings with { IsOffline = true }, null, default));

        Assert.Equal($"'timm/tiny' is not in the cache '{_folder["hub"]}', and HF_HUB_OFFLINE is set. Unset it to download the weights.", error.Message);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public void Run_ConnectionCutAgainAndAgain_ResumesWhereItWasCut()
    {
        _server.CutAfter = Weights.Value.Length / 7;

        string path = HubDownload.Run(Tiny, _settings, null, default);

        Assert.Equal(Weights.Value, File.ReadAllBytes(path));
        string[] ranges = [.. _server.Requests.Where(request => request.Contains("storage", StringComparison.Ordinal))];
        Assert.Equal(8, ranges.Length);
        Assert.DoesNotContain("bytes=", ranges[0], StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"bytes={Weights.Value.Length / 7}-"), ranges[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Run_PartOfAnEarlierProcess_IsResumed()
    {
        string checksum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Weights.Value));
        _folder.Write($"hub/models--timm--tiny/blobs/{checksum}.incomplete", Weights.Value[..1000]);

        string path = HubDownload.Run(Tiny, _settings, null, default);

        Assert.Equal(Weights.Value, File.ReadAllBytes(path));
        Assert.Contains(_server.Requests, request => request.EndsWith("bytes=1000-", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_ServerWithoutRanges_StartsAnew()
    {
        string checksum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Weights.Value));
        _folder.Write($"hub/models--timm--tiny/blobs/{checksum}.incomplete", new byte[1000]);
        _server.KnowsRanges = false;

        Assert.Equal(Weights.Value, File.ReadAllBytes(HubDownload.Run(Tiny, _settings, null, default)));
    }

    [Fact]
    public void Run_ConnectionThatBringsNothing_EndsWithASentence()
    {
        _server.CutAfter = 0;

        IOException error = Assert.Throws<IOException>(() => HubDownload.Run(Tiny, _settings, null, default));

        Assert.Contains("cannot be reached: The connection was", error.Message, StringComparison.Ordinal);
        Assert.Contains("Without a network, download the file on another machine and set InitialWeights to its path.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_NoServer_EndsWithASentence()
    {
        _server.Dispose();

        IOException error = Assert.Throws<IOException>(() => HubDownload.Run(Tiny, _settings, null, default));

        Assert.Contains($"'{_settings.Endpoint}timm/tiny/resolve/main/config.json' cannot be reached:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WrongChecksum_ThrowsAndDeletesThePart()
    {
        _server.Headers["X-Linked-Etag"] = $"\"{new string('a', 64)}\"";

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => HubDownload.Run(Tiny, _settings, null, default));

        Assert.Contains("its checksum is ", error.Message, StringComparison.Ordinal);
        Assert.Contains($"not {new string('a', 64)}", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(Path.Combine(_folder["hub"], "models--timm--tiny", "blobs", new string('a', 64) + ".incomplete")).Length);
        Assert.Null(new HubCache(Tiny, _settings).Weights);
    }

    // The server names the blob and the commit; neither may leave the folder.
    [Theory]
    [InlineData("X-Linked-Etag", "\"../../../../outside\"")]
    [InlineData("X-Repo-Commit", "../../outside")]
    [InlineData("X-Linked-Size", "many")]
    public void Run_HostileHeader_Throws(string header, string value)
    {
        _server.Headers[header] = value;

        IOException error = Assert.Throws<IOException>(() => HubDownload.Run(Tiny, _settings, null, default));

        Assert.Contains("does not describe a file of the Hugging Face Hub. Check HF_ENDPOINT.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10", "The server sent more than the 10 bytes")]
    [InlineData("99999999999999", "is too large: 99999999999999 bytes")]
    public void Run_AnotherSizeThanDescribed_Throws(string size, string message)
    {
        _server.Headers["X-Linked-Size"] = size;

        Exception error = Assert.ThrowsAny<Exception>(() => HubDownload.Run(Tiny, _settings, null, default));

        Assert.True(error is IOException or InvalidDataException);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "does not give access to 'timm/tiny' (401)")]
    [InlineData(HttpStatusCode.Forbidden, "does not give access to 'timm/tiny' (403)")]
    [InlineData(HttpStatusCode.NotFound, "has no model 'timm/tiny' (404)")]
    [InlineData(HttpStatusCode.TooManyRequests, "(429)")]
    [InlineData(HttpStatusCode.InternalServerError, "answered 500")]
    public void Run_Refused_SaysWhy(HttpStatusCode status, string message)
    {
        _server.Status = status;

        Assert.Contains(message, Assert.Throws<IOException>(() => HubDownload.Run(Tiny, _settings, null, default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ModelWithoutWeights_NamesTheFiles()
    {
        _server.Files.Remove("model.safetensors");

        IOException error = Assert.Throws<IOException>(() => HubDownload.Run(Tiny, _settings, null, default));

        Assert.Equal("The model 'timm/tiny' on the hub has none of the files model.safetensors, pytorch_model.bin.", error.Message);
    }

    [Fact]
    public void Run_Token_IsSentToTheHubAlone()
    {
        _server.Token = "secret";
        Assert.Contains("HF_TOKEN", Assert.Throws<IOException>(() => HubDownload.Run(Tiny, _settings, null, default)).Message, StringComparison.Ordinal);
        _server.Requests.Clear();

        HubDownload.Run(Tiny, _settings with { Token = "secret" }, null, default);

        Assert.All(
            _server.Requests,
            request => Assert.Equal(request.StartsWith("hub", StringComparison.Ordinal), request.EndsWith("with token", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Run_RenamedModel_FollowsTheRedirect() =>
        Assert.Equal(Weights.Value, File.ReadAllBytes(HubDownload.Run(Tiny with { Model = "renamed" }, _settings, null, default)));

    [Fact]
    public void Run_RedirectsInCircles_Throws()
    {
        _server.RedirectsInCircles = true;

        Assert.Contains(
            "redirects more than",
            Assert.Throws<IOException>(() => HubDownload.Run(Tiny, _settings, null, default)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Run_Canceled_KeepsThePartForTheNextCall()
    {
        using CancellationTokenSource stop = new();

        Assert.ThrowsAny<OperationCanceledException>(() =>
            HubDownload.Run(
                Tiny,
                _settings,
                report =>
                {
                    if (report.File == "model.safetensors")
                    {
                        stop.Cancel();
                    }
                },
                stop.Token
            )
        );

        Assert.True(new DirectoryInfo(Path.Combine(_folder["hub"], "models--timm--tiny", "blobs")).GetFiles("*.incomplete").Single().Length > 0);
        Assert.Equal(Weights.Value, File.ReadAllBytes(HubDownload.Run(Tiny, _settings, null, default)));
    }

    [Fact]
    public void Run_NetworkThatTheLibraryLacks_ThrowsBeforeTheWeights()
    {
        _server.Files["config.json"] = Encoding.UTF8.GetBytes("""{"architecture":"vit_base_patch16_224"}""");

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => HubDownload.Run(Tiny, _settings, null, default));

        Assert.Contains("'vit_base_patch16_224' of timm, which this library does not have", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_server.Requests, request => request.Contains("safetensors", StringComparison.Ordinal));
    }

    [Fact]
    public void OfHub_DownloadedModel_HasNetworkAndInputOfItsConfig()
    {
        HubDownload.Run(Tiny, _settings, null, default);

        WeightSource source = WeightSource.OfHub(Tiny, _settings);

        Assert.Equal(("timm/tiny", "resnet-18", new ImageShape(3, 96, 96), 0.95), (source.Name, source.Backbone, source.Input, source.CropRatio));
        Assert.Equal(ResizeFilter.Bicubic, source.Filter);
        Assert.Equal([127.5f, 102, 76.5f], source.Normalization!.Mean);
        Assert.Equal([51, 63.75f, 76.5f], source.Normalization.Std);
        using ImageNetwork network = NetworkFactory.Create("resnet-18", 3, 5);
        Assert.Empty(WeightLoader.Load(source, network, "resnet-18").New);
    }

    [Fact]
    public void OfHub_NotDownloaded_SaysWhatToCallAndWhatToPutWhere()
    {
        FileNotFoundException error = Assert.Throws<FileNotFoundException>(() => WeightSource.OfHub(Tiny, _settings));

        Assert.Contains("Call PretrainedWeights.Download(\"timm/tiny\") once.", error.Message, StringComparison.Ordinal);
        Assert.Contains("set InitialWeights to the folder with both", error.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
    }

    // What the message above says, without a network.
    [Fact]
    public void Find_FolderOrFileOfTheHub_ReadsItsConfig()
    {
        _folder.Write("tiny/config.json", Config);
        string file = _folder.Write("tiny/model.safetensors", Weights.Value);

        Assert.Equal("resnet-18", WeightSource.Find(_folder["tiny"]).Backbone);
        Assert.Equal("resnet-18", WeightSource.Find(file).Backbone);
    }

    [Theory]
    [InlineData("hf://timm/resnet50.a1_in1k", "timm", "resnet50.a1_in1k", "main")]
    [InlineData("timm/resnet50.a1_in1k", "timm", "resnet50.a1_in1k", "main")]
    [InlineData("hf://some-one/net@v1.0", "some-one", "net", "v1.0")]
    [InlineData("timm/resnet50.a1_in1k@abc", "timm", "resnet50.a1_in1k", "abc")]
    [InlineData("microsoft/resnet-50", null, null, null)]
    [InlineData("hf://timm/..", null, null, null)]
    [InlineData("hf://../x", null, null, null)]
    [InlineData("hf://timm/a/b", null, null, null)]
    [InlineData("timm/x y", null, null, null)]
    [InlineData("hf://timm", null, null, null)]
    public void TryParse_Names_AreOwnerModelAndRevision(string text, string? owner, string? model, string? revision)
    {
        Assert.Equal(owner is not null, HubName.TryParse(text, out HubName? name));
        Assert.Equal((owner, model, revision), (name?.Owner, name?.Model, name?.Revision));
    }

    [Fact]
    public void Of_EnvironmentVariables_AreThoseOfHuggingFace()
    {
        Dictionary<string, string> variables = new()
        {
            ["HF_HOME"] = "/a",
            ["HF_ENDPOINT"] = "http://mirror/",
            ["HF_TOKEN"] = "t\n",
            ["HF_HUB_OFFLINE"] = "1",
        };
        HubSettings settings = HubSettings.Of(variables.GetValueOrDefault);

        Assert.Equal(
            (Path.GetFullPath("/a/hub"), new Uri("http://mirror/"), "t", true),
            (settings.CacheFolder, settings.Endpoint, settings.Token, settings.IsOffline)
        );
        Assert.Equal(
            Path.GetFullPath("/b"),
            HubSettings
                .Of(name =>
                    name == "HF_HUB_CACHE" ? "/b"
                    : name == "HF_HOME" ? "/a"
                    : null
                )
                .CacheFolder
        );
        Assert.EndsWith(Path.Combine(".cache", "huggingface", "hub"), HubSettings.Of(_ => null).CacheFolder, StringComparison.Ordinal);
        Assert.Equal(new Uri("https://huggingface.co/"), HubSettings.Of(_ => null).Endpoint);
        Assert.Contains(
            "HF_ENDPOINT",
            Assert.Throws<IOException>(() => HubSettings.Of(name => name == "HF_ENDPOINT" ? "no address" : null)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("https://me:secret@mirror/")]
    [InlineData("me:secret@mirror")]
    [InlineData("https://me:se/secret@mirror")]
    public void Settings_EndpointWithAPassword_IsRefusedAndNotRepeated(string endpoint)
    {
        string refusal = Assert.Throws<IOException>(() => HubSettings.Of(name => name == "HF_ENDPOINT" ? endpoint : null)).Message;

        Assert.Contains("HF_ENDPOINT has a user name or password", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Download_OtherNames_ThrowOrFindThePackage()
    {
        Assert.EndsWith("ResNet18.onnx", PretrainedWeights.Download(PretrainedWeights.ResNet18), StringComparison.Ordinal);
        Assert.Contains(
            "Did you mean 'timm/resnet18.a1_in1k'?",
            Assert.Throws<ArgumentException>(() => PretrainedWeights.Download("tim/resnet18.a1_in1k")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void All_Entries_HaveABackboneAndAName()
    {
        Assert.All(PretrainedWeights.All, model => Assert.Null(BackboneCatalog.Problem(model.Backbone, 3)));
        Assert.All(PretrainedWeights.All.Skip(1), model => Assert.True(HubName.TryParse(model.Name, out _)));
        Assert.Equal(PretrainedWeights.All.Count, PretrainedWeights.All.Select(model => model.Name).Distinct().Count());
    }

    private static byte[] MakeWeights()
    {
        using ImageNetwork network = NetworkFactory.Create("resnet-18", 3, 5);
        using MemoryStream stream = new();
        Safetensors.Write(NamedTensors.Of(network), stream);
        return stream.ToArray();
    }
}
