using System.Text.Json;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.FeatureMining;

/// <summary>The metadata of an exported model.</summary>
internal sealed record OnnxModelDescription
{
    public required IReadOnlyList<string> ClassNames { get; init; }

    public required bool IsMultilabel { get; init; }

    /// <summary>Whether the input is floats that the caller has normalized.</summary>
    public required bool IsNormalized { get; init; }

    /// <summary>The input of each network.</summary>
    public required IReadOnlyList<OnnxInputDescription> Inputs { get; init; }

    /// <summary>
    /// What scores images. Networks that take images of the same size are one graph. Others get the images that are resized for each of them, and are weighted
    /// here.
    /// </summary>
    public IReadOnlyList<WeightedScorer> Scorers(OnnxSession session) =>
        HasOneSize
            ? [new WeightedScorer(new OnnxScorer(session, this, Inputs[0], OnnxMetadata.Score), 1)]
            : [.. Inputs.Select((input, i) => new WeightedScorer(new OnnxScorer(session, this, input, OnnxMetadata.ScoreOf(i)), (float)input.Share))];

    private bool HasOneSize => Inputs.All(input => input.ToPreprocessing() == Inputs[0].ToPreprocessing());

    /// <exception cref="InvalidDataException">The model is not one that <c>ExportOnnx</c> wrote, or cannot be scored row by row.</exception>
    public static OnnxModelDescription Read(InferenceSession session)
    {
        IReadOnlyDictionary<string, string> metadata = session.ModelMetadata.CustomMetadataMap;
        try
        {
            OnnxInputDescription[] inputs = Json<OnnxInputDescription[]>(OnnxMetadata.Preprocessing);
            if (inputs.Length == 0 || Array.Exists(inputs, input => input?.Mean is null || input.Std is null))
            {
                throw new InvalidDataException($"its metadata '{OnnxMetadata.Preprocessing}' is incomplete");
            }

            return new OnnxModelDescription
            {
                ClassNames = Json<string[]>(OnnxMetadata.ClassNames),
                IsMultilabel = Text(OnnxMetadata.Task) == OnnxMetadata.Multilabel,
                IsNormalized = Text(OnnxMetadata.Input) == OnnxMetadata.NormalizedFloats,
                Inputs = inputs,
            }.Checked(session);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"its metadata is damaged: {e.Message}", e);
        }

        string Text(string key) =>
            metadata.TryGetValue(key, out string? value)
                ? value
                : throw new InvalidDataException($"its metadata has no '{key}', so it was not written by ExportOnnx; use ML.NET's ApplyOnnxModel");

        T Json<T>(string key) => JsonSerializer.Deserialize<T>(Text(key), Files.Json.Log) ?? throw new InvalidDataException($"its metadata '{key}' is empty");
    }

    private OnnxModelDescription Checked(InferenceSession session)
    {
        foreach (OnnxInputDescription input in Inputs)
        {
            Check(input);
        }

        Type expected = IsNormalized ? typeof(float) : typeof(byte);
        if (
            !session.InputMetadata.TryGetValue(OnnxMetadata.Image, out NodeMetadata? image)
            || image.ElementType != expected
            || session.InputMetadata.Count != 1
        )
        {
            throw new InvalidDataException($"its only input must be '{OnnxMetadata.Image}' of type {expected.Name}");
        }

        for (int i = 0; i < (HasOneSize ? 1 : Inputs.Count); i++)
        {
            string output = HasOneSize ? OnnxMetadata.Score : OnnxMetadata.ScoreOf(i);
            if (!session.OutputMetadata.TryGetValue(output, out NodeMetadata? score) || score.ElementType != typeof(float))
            {
                throw new InvalidDataException($"it has no output '{output}' of type Single");
            }

            if (ClassNames.Count == 0 || score.Dimensions is not [_, var classes] || classes != ClassNames.Count)
            {
                throw new InvalidDataException($"it has {ClassNames.Count} class names, but scores of shape [{string.Join(", ", score.Dimensions)}]");
            }
        }

        return this;
    }

    private void Check(OnnxInputDescription input)
    {
        bool isImage = new ImageShape(input.Channels, input.Height, input.Width).IsInRange;
        bool isKnown =
            input.CropRatio is >= ImagePreprocessing.MinCropRatio and <= 1
            && Enum.IsDefined(input.Resize)
            && Enum.IsDefined(input.Filter)
            && Enum.IsDefined(input.Element)
            && input.Share is > 0 and <= 1;
        if (!isImage || !isKnown || input.Element != Inputs[0].Element)
        {
            throw new InvalidDataException($"its metadata '{OnnxMetadata.Preprocessing}' is invalid");
        }

        if (input.Mean.Count != input.Channels || input.Std.Count != input.Channels)
        {
            throw new InvalidDataException($"it has {input.Channels} channels, but {input.Mean.Count} means and {input.Std.Count} stds");
        }

        if (!IsNormalized && (input.Element == PixelType.Single || input.Channels is not (1 or 3)))
        {
            throw new InvalidDataException("its metadata is contradictory: raw images are bytes with 1 or 3 channels");
        }
    }
}
