using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// Progressive resizing: the first epochs train on smaller images, so that their steps take less time (fastai's progressive resizing; progressive learning of
/// EfficientNetV2, Tan and Le 2021). The images are decoded once, at full size. A <see cref="Augmentation.RandomResizedCrop"/> resizes its boxes to the smaller
/// size; otherwise the augmented images are resized, with antialiasing. Validation and scoring always use the full size.
/// </summary>
/// <remarks>
/// With <see cref="Until"/> = 1 the network never trains at the full size, which only validation and the model use: a network trained with
/// <see cref="Augmentation.RandomResizedCrop"/> scores best at a larger size than it was trained at (the FixRes effect, Touvron et al. 2019).
/// </remarks>
public sealed record ProgressiveResizing
{
    /// <summary>The first size as a fraction of the height and width of the network's input, above 0 and at most 1.</summary>
    /// <value>1: no progressive resizing.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double StartFraction { get; init; } = 1;

    /// <summary>The fraction of the epochs that train at smaller sizes, rounded to whole epochs; 1 trains all epochs at smaller sizes.</summary>
    /// <value>0.7.</value>
    [Range(0.0, 1.0)]
    public double Until { get; init; } = 0.7;

    /// <summary>
    /// The number of smaller sizes. With n sizes, the epochs before <see cref="Until"/> are divided into n equal parts; part i (from 0) trains at the fraction
    /// f + (1 - f) i / n, where f is <see cref="StartFraction"/>.
    /// </summary>
    /// <value>1: <see cref="StartFraction"/>, then the full size.</value>
    [Range(1, int.MaxValue)]
    public int Stages { get; init; } = 1;

    /// <summary>Smaller heights and widths are rounded to multiples of this number of pixels, and are at least this number.</summary>
    /// <value>8.</value>
    [Range(1, int.MaxValue)]
    public int SizeMultiple { get; init; } = 8;

    /// <summary>The shape of the training images in an epoch.</summary>
    /// <param name="full">The shape of the network's input.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="epochs">The number of epochs of the run.</param>
    internal ImageShape ShapeAt(ImageShape full, int epoch, int epochs)
    {
        long smaller = (long)Math.Round(Until * epochs, MidpointRounding.AwayFromZero);
        return StartFraction == 1 || epoch >= smaller ? full : Scaled(full, (double)((long)epoch * Stages / smaller) / Stages);
    }

    /// <summary>Validation errors for a network with that input.</summary>
    internal IEnumerable<string> Problems(ImageShape full)
    {
        if (StartFraction is > 0 and < 1 && SizeMultiple >= 1 && Scaled(full, 0) == full)
        {
            yield return FormattableString.Invariant($"StartFraction of ProgressiveResizing is {StartFraction}, but the first size, rounded to a multiple of ")
                + $"{SizeMultiple}, is the full size {full.Height}x{full.Width}. Lower StartFraction or SizeMultiple.";
        }
    }

    // done: the fraction of the way from the first size to the full one.
    private ImageShape Scaled(ImageShape full, double done)
    {
        double fraction = StartFraction + ((1 - StartFraction) * done);
        return full with { Height = Side(full.Height), Width = Side(full.Width) };

        int Side(int side) => (int)Math.Min(side, Math.Max(1, Math.Round(fraction * side / SizeMultiple, MidpointRounding.AwayFromZero)) * SizeMultiple);
    }
}
