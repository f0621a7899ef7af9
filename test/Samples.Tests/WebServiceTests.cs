using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Tests;
using SkiaSharp;

namespace Samples.Tests;

/// <summary>The web service, over HTTP.</summary>
public sealed class WebServiceTests(WebServiceTests.Service service) : IClassFixture<WebServiceTests.Service>
{
    [Fact]
    public async Task Predict_AnImage_GivesTheMostProbableClasses()
    {
        JsonElement[] top = await Predicted(await service.Post(ColoredImages.Png(1, new Random(3)), "?top=2"));

        Assert.Equal(2, top.Length);
        Assert.All(top, entry => Assert.Contains(entry.GetProperty("class").GetString(), ColoredImages.Names));
        Assert.True(top[0].GetProperty("probability").GetDouble() >= top[1].GetProperty("probability").GetDouble());
        JsonElement[] all = await Predicted(await service.Post(ColoredImages.Png(1, new Random(3)), ""));
        Assert.Equal(ColoredImages.Names, all.Select(entry => entry.GetProperty("class").GetString()).Order());
        Assert.Equal(1, all.Sum(entry => entry.GetProperty("probability").GetDouble()), 1e-4);
    }

    [Fact]
    public async Task Predict_ManyAtOnce_EachGetsTheAnswerThatItGetsAlone()
    {
        byte[][] images = [.. Enumerable.Range(0, 6).Select(i => ColoredImages.Png(i % 3, new Random(i)))];
        string[] alone = new string[images.Length];
        for (int i = 0; i < images.Length; i++)
        {
            alone[i] = await (await service.Post(images[i], "")).Content.ReadAsStringAsync();
        }

        string[] together = await Task.WhenAll(
            Enumerable
                .Range(0, 60)
                .Select(async i =>
                {
                    // Every fourth upload is not an image: it must not disturb the others.
                    using HttpResponseMessage response = await service.Post(i % 4 == 3 ? [1, 2, 3] : images[i % images.Length], "");
                    Assert.Equal(i % 4 == 3 ? HttpStatusCode.BadRequest : HttpStatusCode.OK, response.StatusCode);
                    return i % 4 == 3 ? alone[i % images.Length] : await response.Content.ReadAsStringAsync();
                })
        );

        Assert.Equal(alone.Length, alone.Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 60).Select(i => alone[i % images.Length]), together);
    }

    [Theory]
    [InlineData("not an image")]
    [InlineData("")]
    public async Task Predict_NoImage_IsABadRequestThatNamesTheFile(string content)
    {
        using HttpResponseMessage response = await service.Post(System.Text.Encoding.UTF8.GetBytes(content), "");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        string detail = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("detail").GetString()!;
        Assert.StartsWith("'upload.png' cannot be read as an image: ", detail, StringComparison.Ordinal);
        Assert.EndsWith("Send a JPEG, PNG, BMP, GIF or WebP.", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_SmallFileOfManyPixels_IsABadRequest()
    {
        using SKBitmap bitmap = new(new SKImageInfo(7200, 7200, SKColorType.Gray8));
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        Assert.InRange(png.Size, 1, 100_000);
        using HttpResponseMessage response = await service.Post(png.ToArray(), "");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        string detail = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("detail").GetString()!;
        Assert.Contains("7200x7200 pixels, more than the limit of 50000000 pixels.", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_WithoutAFile_IsABadRequest()
    {
        using MultipartFormDataContent form = new() { { new StringContent("text"), "other" } };
        using HttpResponseMessage response = await service.Client.PostAsync("predict", form);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Predict_MoreThanTheLimit_IsRefused()
    {
        using MultipartFormDataContent form = new() { { new ByteArrayContent(new byte[(10 << 20) + 1]), "file", "large.png" } };
        using HttpRequestMessage request = new(HttpMethod.Post, "predict") { Content = form };
        // Ask before sending the body: the service answers and closes the connection without reading it.
        request.Headers.ExpectContinue = true;
        using HttpResponseMessage response = await service.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Terminated_EndsInOrder()
    {
        using TemporaryFolder folder = new();
        (Process process, HttpClient client) = await Service.Start(service.Model, folder.Path);
        using (process)
        using (client)
        {
            using HttpResponseMessage response = await Service.Post(client, ColoredImages.Png(0, new Random(1)), "");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);

            // Not every system has the program kill; every shell has the command.
            using Process kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {process.Id}"]);
            await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);

            Assert.Equal(0, process.ExitCode);
        }
    }

    [Fact]
    public async Task OnnxService_TheExportedModel_GivesTheSameAnswers()
    {
        using TemporaryFolder folder = new();
        ProgramRun.Lines("Samples", folder.Path, "export", "--model", service.Model, "--onnx", "model.onnx");
        (Process process, HttpClient client) = await Service.Start(folder["model.onnx"], folder.Path, "OnnxService");
        using (process)
        using (client)
        {
            byte[] image = ColoredImages.Png(2, new Random(5));
            JsonElement[] expected = await Predicted(await service.Post(image, "")),
                actual = await Predicted(await Service.Post(client, image, ""));

            Assert.Equal(expected.Select(entry => entry.GetProperty("class").GetString()), actual.Select(entry => entry.GetProperty("class").GetString()));
            Assert.Equal(expected[0].GetProperty("probability").GetDouble(), actual[0].GetProperty("probability").GetDouble(), 1e-4);
            using HttpResponseMessage bad = await Service.Post(client, [1, 2, 3], "");
            Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    [Fact]
    public void WithoutAModel_SaysWhatIsMissing()
    {
        using TemporaryFolder folder = new();

        (int code, _, string error) = ProgramRun.ToEnd("WebService", folder.Path);

        Assert.Equal(1, code);
        Assert.Equal("error: there is no model. Give one that is saved: --model model.zip", error.Trim());
    }

    private static async Task<JsonElement[]> Predicted(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return [.. JsonElement.Parse(await response.Content.ReadAsStringAsync()).EnumerateArray()];
    }

    /// <summary>A running service with the quickstart's model.</summary>
    public sealed class Service : IAsyncLifetime
    {
        private readonly ColoredImages _images = new();
        private readonly TemporaryFolder _folder = new();
        private Process? _process;

        public HttpClient Client { get; private set; } = new();

        internal string Model => _folder["model.zip"];

        public async Task InitializeAsync()
        {
            ProgramRun.Lines("Quickstart", _folder.Path, _images.Root, "2");
            (_process, Client) = await Start(Model, _folder.Path);
        }

        public Task DisposeAsync()
        {
            _process?.Kill();
            _process?.WaitForExit();
            _process?.Dispose();
            Client.Dispose();
            _images.Dispose();
            _folder.Dispose();
            return Task.CompletedTask;
        }

        internal static async Task<(Process Process, HttpClient Client)> Start(string model, string folder, string program = "WebService")
        {
            Process process = ProgramRun.Start(program, folder, "--model", model, "--urls", "http://127.0.0.1:0");
            Task<string> error = process.StandardError.ReadToEndAsync();
            const string Listening = "Now listening on: ";
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and int at)
                {
                    // Read on, so that the service does not block on a full pipe.
                    _ = process.StandardOutput.ReadToEndAsync();
                    return (process, new HttpClient { BaseAddress = new Uri(line[(at + Listening.Length)..].Trim()) });
                }
            }

            throw new InvalidOperationException($"The service did not start: {await error}");
        }

        internal static async Task<HttpResponseMessage> Post(HttpClient client, byte[] bytes, string query)
        {
            using ByteArrayContent file = new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
            using MultipartFormDataContent form = new() { { file, "file", "upload.png" } };
            return await client.PostAsync($"predict{query}", form);
        }

        internal Task<HttpResponseMessage> Post(byte[] bytes, string query) => Post(Client, bytes, query);
    }
}
