using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>The settings of a transformer besides the network: column names and the policy for unreadable images.</summary>
internal sealed record ScoringSettings
{
    // A model file may state any number, and memory is allocated for two batches.
    private const int MaxRows = 1 << 16;

    public string ImageColumnName { get; init; } = "Image";

    public string ScoreColumnName { get; init; } = "Score";

    public string PredictedLabelColumnName { get; init; } = "PredictedLabel";

    public UnreadableImageBehavior OnUnreadableImage { get; init; }

    public long MaxPixels { get; init; } = ImageCodec.DefaultMaxPixels;

    /// <summary>The wanted number of rows, see <see cref="RowsPerBatch"/>.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>The name of the type of the key's values; empty if the key has no values.</summary>
    public string KeyValues { get; init; } = "";

    /// <summary>The rows that are scored at once: <see cref="BatchSize"/>, or fewer if the images are very large, so that a batch fits into an array.</summary>
    public int RowsPerBatch(ImageShape shape) => Math.Min(Math.Min(BatchSize, MaxRows), Math.Max(1, ImageShape.MaxLength / shape.Length));

    public void Write(BinaryWriter writer)
    {
        writer.Write(ImageColumnName);
        writer.Write(ScoreColumnName);
        writer.Write(PredictedLabelColumnName);
        writer.Write((byte)OnUnreadableImage);
        writer.Write(MaxPixels);
        writer.Write(BatchSize);
        writer.Write(KeyValues);
    }

    /// <exception cref="InvalidDataException">The data is not valid settings.</exception>
    public static ScoringSettings Read(BinaryReader reader)
    {
        ScoringSettings settings = new()
        {
            ImageColumnName = reader.ReadString(),
            ScoreColumnName = reader.ReadString(),
            PredictedLabelColumnName = reader.ReadString(),
            OnUnreadableImage = (UnreadableImageBehavior)reader.ReadByte(),
            MaxPixels = reader.ReadInt64(),
            BatchSize = reader.ReadInt32(),
            KeyValues = reader.ReadString(),
        };
        return Enum.IsDefined(settings.OnUnreadableImage) && settings is { MaxPixels: > 0, BatchSize: > 0 }
            ? settings
            : throw new InvalidDataException("The model file is damaged: its scoring settings are invalid.");
    }
}
