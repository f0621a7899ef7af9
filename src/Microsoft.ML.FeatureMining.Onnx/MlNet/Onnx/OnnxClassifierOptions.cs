using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining;

/// <summary>How <c>ApplyImageClassifier</c> reads images and names its columns.</summary>
public sealed record OnnxClassifierOptions
{
    /// <summary>The column of images: encoded bytes (as LoadRawImageBytes gives them), paths, or MLImage. If it does not exist, ImagePath is used.</summary>
    /// <value><c>Image</c>.</value>
    public string ImageColumnName { get; init; } = "Image";

    /// <summary>The column of probabilities, [K].</summary>
    /// <value><c>Score</c>.</value>
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>The column of the most probable class, a key; for a multi-label model, a vector of 0 and 1, [K].</summary>
    /// <value><c>PredictedLabel</c>.</value>
    public string PredictedLabelColumnName { get; init; } = "PredictedLabel";

    /// <summary>What happens to an image that cannot be read. Skip gives it NaN scores and no predicted label.</summary>
    /// <value><see cref="UnreadableImageBehavior.Throw"/>.</value>
    public UnreadableImageBehavior OnUnreadableImage { get; init; }

    /// <summary>The largest image to decode, in pixels.</summary>
    /// <value>178,956,970, as Pillow.</value>
    public long MaxPixels { get; init; } = ImageCodec.DefaultMaxPixels;

    /// <summary>The number of images that Transform scores together.</summary>
    /// <value>64.</value>
    public int BatchSize { get; init; } = 64;

    /// <summary>CPU threads per operation; null for ONNX Runtime's choice, one per core. A service that scores several requests at once uses 1.</summary>
    /// <value>null.</value>
    public int? Threads { get; init; }

    internal void Check()
    {
        ArgumentException.ThrowIfNullOrEmpty(ImageColumnName);
        ArgumentException.ThrowIfNullOrEmpty(ScoreColumnName);
        ArgumentException.ThrowIfNullOrEmpty(PredictedLabelColumnName);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPixels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(BatchSize);
        if (Threads is { } threads)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads, nameof(Threads));
        }

        if (!Enum.IsDefined(OnUnreadableImage))
        {
            throw new ArgumentOutOfRangeException(nameof(OnUnreadableImage), OnUnreadableImage, "Unknown policy for unreadable images; use Throw or Skip.");
        }
    }
}
