// A web service that classifies uploaded images with a saved model:
// dotnet run -c Release -- --model model.zip --urls http://localhost:5000
// curl -F file=@bird.jpg "http://localhost:5000/predict?top=3"
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Imaging;
using TorchSharp;

const long MaxUploadBytes = 10 << 20;
const int MaxWaiting = 100;

// A PNG of 20 kB can have 170 million pixels. Decoding needs up to 15 bytes of memory per pixel.
const long MaxPixels = 50_000_000;

// Requests run in parallel on all cores, so one thread for each is enough.
torch.set_num_threads(1);

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
if (builder.Configuration["model"] is not { } path)
{
    Console.Error.WriteLine("error: there is no model. Give one that is saved: --model model.zip");
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

// Loaded once, before the first request; disposed when Run returns: on Ctrl-C or SIGTERM, after the requests in progress have ended.
using Classifier classifier = new(path, MaxPixels);
WebApplication app = builder.Build();
app.UseRateLimiter();
app.MapPost(
        "/predict",
        async (IFormFile file, CancellationToken aborted, int top = 3) =>
        {
            using MemoryStream bytes = new((int)file.Length);
            await file.CopyToAsync(bytes, aborted);
            try
            {
                return Results.Ok(classifier.Predict(bytes.ToArray(), top));
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

/// <summary>One model in memory for any number of threads.</summary>
/// <remarks>
/// Many threads may use the network at once, but only one thread at a time may use a PredictionEngine, which also takes time to make. So engines are pooled,
/// as by PredictionEnginePool of Microsoft.Extensions.ML. By default an engine disposes its model; here all engines share one, and OwnsTransformer is false.
/// </remarks>
internal sealed class Classifier : PooledObjectPolicy<PredictionEngine<Upload, Prediction>>, IDisposable
{
    private readonly MLContext _ml = new();
    private readonly ImageClassificationTransformer _network;
    private readonly IReadOnlyList<string> _classes;
    private readonly ObjectPool<PredictionEngine<Upload, Prediction>> _engines;

    /// <param name="path">A saved pipeline. Of its parts only the network is used: uploads are bytes, not files, and have no label.</param>
    /// <param name="maxPixels">The largest image to decode.</param>
    public Classifier(string path, long maxPixels)
    {
        _network =
            (_ml.Model.WithMaxPixels(_ml.Model.Load(path, out _), maxPixels) as IEnumerable<ITransformer>)
                ?.OfType<ImageClassificationTransformer>()
                .SingleOrDefault()
            ?? throw new InvalidDataException($"There is no image classifier in '{path}'.");
        _classes = _network.Model.ClassNames ?? throw new InvalidDataException($"The classes of '{path}' have no names.");
        _engines = new DefaultObjectPoolProvider().Create(this);
    }

    /// <summary>The most probable classes, the first one first.</summary>
    /// <exception cref="ImageDecodeException">The bytes are not an image.</exception>
    public IReadOnlyList<ClassProbability> Predict(byte[] image, int top)
    {
        PredictionEngine<Upload, Prediction> engine = _engines.Get();
        try
        {
            float[] scores = engine.Predict(new Upload { Image = image }).Score;
            return [.. scores.Zip(_classes, (score, name) => new ClassProbability(name, score)).OrderByDescending(entry => entry.Probability).Take(top)];
        }
        finally
        {
            _engines.Return(engine);
        }
    }

    public override PredictionEngine<Upload, Prediction> Create() =>
        _ml.Model.CreatePredictionEngine<Upload, Prediction>(_network, new PredictionEngineOptions { OwnsTransformer = false });

    public override bool Return(PredictionEngine<Upload, Prediction> obj) => true;

    public void Dispose()
    {
        (_engines as IDisposable)?.Dispose();
        _network.Dispose();
    }
}

internal sealed record ClassProbability(string Class, float Probability);

internal sealed class Upload
{
    public byte[] Image { get; set; } = [];
}

internal sealed class Prediction
{
    public float[] Score { get; set; } = [];
}
