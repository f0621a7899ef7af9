using System.Globalization;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>The network and the input of a trainer's paper.</summary>
/// <param name="Backbone">The key of the network.</param>
/// <param name="ImageSize">Height and width of its input in pixels.</param>
/// <param name="CropRatio">The fraction of each side of a resized image that it sees.</param>
/// <param name="ImageNetNormalization">Whether it is normalized with the mean and std of ImageNet instead of those of the training images.</param>
internal sealed record PaperInput(string Backbone, int ImageSize, double CropRatio = 1, bool ImageNetNormalization = false);

/// <summary>Size and channels of the input, as the options say them; null if they do not.</summary>
internal readonly record struct WantedInput(int? Height, int? Width, double? CropRatio, int Channels, ResizeFilter? Filter = null);

/// <summary>Network and input: as the options say, else as the initial weights say, else as the trainer's paper says.</summary>
internal sealed class InputSettings
{
    private readonly ImageTrainerOptions _options;
    private readonly WeightSource? _weights;

    private InputSettings(ImageTrainerOptions options, WeightSource? weights)
    {
        (_options, _weights) = (options, weights);
        (PaperInput paper, WantedInput wanted) = (options.PublishedInput, options.WantedInput);
        Backbone = BackboneCatalog.Canonical(options.Backbone ?? weights?.Backbone ?? paper.Backbone);
        Height = wanted.Height ?? wanted.Width ?? weights?.Input?.Height ?? paper.ImageSize;
        Width = wanted.Width ?? wanted.Height ?? weights?.Input?.Width ?? paper.ImageSize;
        CropRatio = wanted.CropRatio ?? weights?.CropRatio ?? paper.CropRatio;
        Filter = wanted.Filter ?? weights?.Filter ?? ResizeFilter.Bilinear;
    }

    public string Backbone { get; }

    public BackboneFacts Network => BackboneCatalog.Facts(Backbone, _options.WantedInput.Channels);

    public int Height { get; }

    public int Width { get; }

    public double CropRatio { get; }

    public ResizeFilter Filter { get; }

    /// <summary>Unusable initial weights count as none; <see cref="Problems"/> reports them.</summary>
    public static InputSettings Of(ImageTrainerOptions options) =>
        new(options, options.InitialWeights is { Length: > 0 } name ? WeightSource.Try(() => options.FindWeights(name), out _) : null);

    /// <summary>Lists what is wrong with the initial weights and the normalization.</summary>
    public static IEnumerable<string> Problems(ImageTrainerOptions options)
    {
        if (options.InitialWeights is { Length: > 0 } name && WeightSource.Try(() => options.FindWeights(name), out string? problem) is null)
        {
            yield return problem!;
        }

        if (options.InputMean is null != options.InputStd is null)
        {
            yield return "InputMean and InputStd must be set together.";
        }
        else if (options is { InputMean: { } mean, InputStd: { } std })
        {
            if (mean.Count != options.WantedInput.Channels || std.Count != options.WantedInput.Channels)
            {
                yield return $"InputMean and InputStd need one value per channel, {options.WantedInput.Channels}; they have {mean.Count} and {std.Count}.";
            }

            if (!mean.All(double.IsFinite) || !std.All(value => value > 0 && double.IsFinite(value)))
            {
                yield return "InputMean must be finite, and InputStd above 0 and finite.";
            }
        }
    }

    /// <summary>The normalization for pixels of a type; null for that of the training images.</summary>
    public ChannelStatistics? Normalization(PixelType element)
    {
        if (_options is { InputMean: { } mean, InputStd: { } std })
        {
            return element == PixelType.Byte
                ? ChannelStatistics.OfFractions(mean, std)
                : new ChannelStatistics([.. mean.Select(value => (float)value)], [.. std.Select(value => (float)value)]);
        }

        if (_options.InputNormalization != InputNormalization.FromWeights)
        {
            return null;
        }

        if (_weights is not { Normalization: { } trained } || _weights.Element != element)
        {
            return IsPapers(element) ? ImageNet : null;
        }

        return trained.Mean.Length == _options.WantedInput.Channels ? trained
            : _options.WantedInput.Channels == 1 ? new ChannelStatistics([trained.Mean.Average()], [trained.Std.Average()])
            : null;
    }

    private static ChannelStatistics ImageNet { get; } = ChannelStatistics.OfFractions(PretrainedModel.ImageNetMean, PretrainedModel.ImageNetStd);

    // ImageNet's values are those of bytes in three channels. Weights that do not say what they were trained with may have been trained with any.
    private bool IsPapers(PixelType element) =>
        _options.PublishedInput.ImageNetNormalization && _options.InitialWeights is null && element == PixelType.Byte && _options.WantedInput.Channels == 3;

    /// <summary>One line for the log.</summary>
    public string Describe(TrainingRecipe recipe)
    {
        string normalization =
            recipe.Normalization is not { } pixels ? "the mean and std of the training images"
            : _options.InputMean is not null ? $"{Text(pixels)} (InputMean and InputStd)"
            : _weights is null ? $"{Text(pixels)} (ImageNet's, as in the trainer's paper)"
            : $"{Text(pixels)} {_weights?.Reason}";
        string filter = Filter == ResizeFilter.Bicubic ? "bicubic, " : "";
        return string.Create(CultureInfo.InvariantCulture, $"Input: {recipe.Input}, crop ratio {recipe.CropRatio}, {filter}normalized with {normalization}.");
    }

    private static string Text(ChannelStatistics pixels) => $"mean [{Text(pixels.Mean)}] and std [{Text(pixels.Std)}]";

    private static string Text(float[] values) => string.Join(", ", values.Select(value => value.ToString("G4", CultureInfo.InvariantCulture)));
}
