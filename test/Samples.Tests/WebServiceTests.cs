using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Tests;
using SkiaSharp;

namespace Samples.Tests;

/// <summary>The web services, over HTTP.</summary>
public sealed class WebServiceTests(WebServiceTests.Service service) : IClassFixture<WebServiceTests.Service>
{
    public static TheoryData<string> Services { get; } = ["WebService", "OnnxService"];

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
    [InlineData("WebService", "not an image")]
    [InlineData("WebService", "")]
    [InlineData("OnnxService", "not an image")]
    public async Task Predict_NoImage_IsABadRequestThatNamesTheFile(string program, string content)
    {
        using HttpResponseMessage response = await Service.Post(service.ClientOf(program), System.Text.Encoding.UTF8.GetBytes(content), "");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        string detail = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("detail").GetString()!;
        Assert.StartsWith("'upload.png' cannot be read as an image: ", detail, StringComparison.Ordinal);
        Assert.EndsWith("Send a JPEG, PNG, BMP, GIF or WebP.", detail, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Predict_FileNameWithControlCharacters_IsEscapedInTheAnswer(string program)
    {
        const string name = "a\e[2J\r\nb\u009b2K\0.png";
        using ByteArrayContent file = new([1, 2, 3]);
        file.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = "file", FileNameStar = name };
        using MultipartFormDataContent form = new() { file };
        using HttpResponseMessage response = await service.ClientOf(program).PostAsync("predict", form);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        string answer = await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain(answer, char.IsControl);
        Assert.StartsWith($"'{name}' cannot be read", JsonElement.Parse(answer).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Predict_SmallFileOfManyPixels_IsABadRequest(string program)
    {
        using SKBitmap bitmap = new(new SKImageInfo(7200, 7200, SKColorType.Gray8));
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        Assert.InRange(png.Size, 1, 100_000);
        using HttpResponseMessage response = await Service.Post(service.ClientOf(program), png.ToArray(), "");

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

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Predict_MoreThanTheLimit_IsRefused(string program)
    {
        using MultipartFormDataContent form = new() { { new ByteArrayContent(new byte[(10 << 20) + 1]), "file", "large.png" } };
        using HttpRequestMessage request = new(HttpMethod.Post, "predict") { Content = form };
        // Ask before sending the body: the service answers and closes the connection without reading it.
        request.Headers.ExpectContinue = true;
        using HttpResponseMessage response = await service.ClientOf(program).SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Predict_MoreThanCanWait_GetsTheStatus503(string program)
    {
        const int waiting = 100;
        byte[] image = ColoredImages.Png(1, new Random(3));
        // Uploads that the service has begun to read, as many as it scores at once: none of the others is answered before they end.
        TaskCompletionSource rest = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using HttpClient patient = new(new SocketsHttpHandler { Expect100ContinueTimeout = Timeout.InfiniteTimeSpan })
        {
            BaseAddress = service.ClientOf(program).BaseAddress,
            DefaultRequestHeaders = { ExpectContinue = true },
        };
        HeldContent[] uploads = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new HeldContent(image, rest.Task))];
        Task<HttpResponseMessage>[] held = [.. uploads.Select(upload => patient.PostAsync("predict", upload))];
        await Task.WhenAll(uploads.Select(upload => upload.Begun)).WaitAsync(TimeSpan.FromMinutes(1));

        Task<HttpResponseMessage>[] others = [];
        try
        {
            others = [.. Enumerable.Range(0, waiting + 1).Select(_ => Service.Post(service.ClientOf(program), image, ""))];
            Task<HttpResponseMessage> first = await Task.WhenAny(others).WaitAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await first).StatusCode);
        }
        finally
        {
            rest.SetResult();
        }

        HttpResponseMessage[] answers = await Task.WhenAll([.. held, .. others]);
        Assert.Equal(1, answers.Count(answer => answer.StatusCode == HttpStatusCode.ServiceUnavailable));
        Assert.Equal(held.Length + waiting, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Array.ForEach(answers, answer => answer.Dispose());
    }

    [Fact]
    public async Task Terminated_EndsInOrder()
    {
        using TemporaryFolder folder = new();
        (Process process, HttpClient client) = await Service.Start("WebService", service.Model, folder.Path);
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
        byte[] image = ColoredImages.Png(2, new Random(5));
        JsonElement[] expected = await Predicted(await service.Post(image, "")),
            actual = await Predicted(await Service.Post(service.ClientOf("OnnxService"), image, ""));

        Assert.Equal(expected.Select(entry => entry.GetProperty("class").GetString()), actual.Select(entry => entry.GetProperty("class").GetString()));
        Assert.Equal(expected[0].GetProperty("probability").GetDouble(), actual[0].GetProperty("probability").GetDouble(), 1e-4);
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

    /// <summary>The upload of an image whose last byte is sent later.</summary>
    private sealed class HeldContent : HttpContent
    {
        // More than Kestrel's minimum, 240 bytes a second, for minutes.
        private const int Padding = 100_000;

        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task _rest;
        private readonly byte[] _form;

        public HeldContent(byte[] image, Task rest)
        {
            using MultipartFormDataContent form = new()
            {
                { new ByteArrayContent(new byte[Padding]), "other" },
                { new ByteArrayContent(image), "file", "upload.png" },
            };
            (_form, _rest) = (form.ReadAsByteArrayAsync().Result, rest);
            Headers.ContentType = form.Headers.ContentType;
        }

        /// <summary>The service has asked for the body.</summary>
        public Task Begun => _begun.Task;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_form.AsMemory(..^1));
            await stream.FlushAsync();
            _begun.SetResult();
            await _rest;
            await stream.WriteAsync(_form.AsMemory(^1..));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _form.Length;
            return true;
        }
    }

    /// <summary>Both services, running, with the quickstart's model.</summary>
    public sealed class Service : IAsyncLifetime
    {
        private readonly ColoredImages _images = new();
        private readonly TemporaryFolder _folder = new();
        private readonly Dictionary<string, (Process Process, HttpClient Client)> _running = [];

        public HttpClient Client => ClientOf("WebService");

        internal string Model => _folder["model.zip"];

        public async Task InitializeAsync()
        {
            ProgramRun.Lines("Quickstart", _folder.Path, _images.Root, "2");
            ProgramRun.Lines("Samples", _folder.Path, "export", "--model", Model, "--onnx", "model.onnx");
            _running["WebService"] = await Start("WebService", Model, _folder.Path);
            _running["OnnxService"] = await Start("OnnxService", _folder["model.onnx"], _folder.Path);
        }

        public Task DisposeAsync()
        {
            foreach ((Process process, HttpClient client) in _running.Values)
            {
                process.Kill();
                process.WaitForExit();
                process.Dispose();
                client.Dispose();
            }

            _images.Dispose();
            _folder.Dispose();
            return Task.CompletedTask;
        }

        internal HttpClient ClientOf(string program) => _running[program].Client;

        internal static async Task<(Process Process, HttpClient Client)> Start(string program, string model, string folder)
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
