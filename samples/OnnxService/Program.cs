// A web service that classifies uploaded images with an exported model. It needs no libtorch, so its container is small:
// dotnet publish -c Release -r linux-x64 --self-contained false -o out
// out/OnnxService --model birds.onnx --urls http://localhost:5000
// curl -F file=@bird.jpg "http://localhost:5000/predict?top=3"
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Imaging;

const long MaxUploadBytes = 10 << 20;
const int MaxWaiting = 100;

// A PNG of 20 kB can have 170 million pixels. Decoding needs up to 15 bytes of memory per pixel.
const long MaxPixels = 50_000_000;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
if (builder.Configuration["model"] is not { } path)
{
    Console.Error.WriteLine("error: there is no model. Give an exported one: --model birds.onnx");
    return 1;
}

// A larger upload gets the status 413.
builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = MaxUploadBytes);

// Scoring keeps a core busy: more requests at once would only slow each other down. Others wait, and beyond that get the status 503.
builder.Services.AddRateLimiter(limits =>
    limits.AddConcurrencyLimiter(
        "scoring",
        options =>
        {
            options.PermitLimit = Environment.ProcessorCount;
            options.QueueLimit = MaxWaiting;
        }
    )
);

MLContext ml = new();

// Loaded once, before the first request; disposed when Run returns. Requests run in parallel on all cores, so one thread for each is enough.
using OnnxImageClassifier classifier = ml.Transforms.ApplyImageClassifier(path, new OnnxClassifierOptions { Threads = 1, MaxPixels = MaxPixels });
PredictionEngineOptions shared = new() { OwnsTransformer = false };

// Only one thread at a time may use a PredictionEngine.
using ThreadLocal<PredictionEngine<Upload, Prediction>> engines = new(() => ml.Model.CreatePredictionEngine<Upload, Prediction>(classifier, shared));
WebApplication app = builder.Build();
app.UseRateLimiter();
app.MapGet("/classes", () => classifier.ClassNames);
app.MapPost(
        "/predict",
        async (IFormFile file, CancellationToken aborted, int top = 3) =>
        {
            using MemoryStream bytes = new((int)file.Length);
            await file.CopyToAsync(bytes, aborted);
            try
            {
                float[] scores = engines.Value!.Predict(new Upload { Image = bytes.ToArray() }).Score;
                return Results.Ok(
                    scores
                        .Zip(classifier.ClassNames, (score, name) => new ClassProbability(name, score))
                        .OrderByDescending(entry => entry.Probability)
                        .Take(top)
                );
            }
            catch (ImageDecodeException e)
            {
                string detail = $"'{file.FileName}' cannot be read as an image: {e.Message} Send a JPEG, PNG, BMP, GIF or WebP.";
                return Results.Problem(detail, statusCode: StatusCodes.Status400BadRequest);
            }
        }
    )
    .DisableAntiforgery()
    .RequireRateLimiting("scoring");
app.Run();
return 0;

internal sealed record ClassProbability(string Class, float Probability);

internal sealed class Upload
{
    public byte[] Image { get; set; } = [];
}

internal sealed class Prediction
{
    public float[] Score { get; set; } = [];
}
