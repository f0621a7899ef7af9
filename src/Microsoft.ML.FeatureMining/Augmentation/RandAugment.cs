using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// RandAugment (Cubuk et al. 2020): applies <see cref="Operations"/> operations per image. Each is drawn uniformly from fourteen (identity, shears,
/// translations, rotation, brightness, color, contrast, sharpness, posterize, solarize, auto contrast, equalize). All have the same magnitude, with a random
/// sign. Operations and magnitude scales are torchvision's.
/// </summary>
public sealed record RandAugment : ImageAugmentation
{
    private const int Kinds = (int)ImageOperation.Equalize + 1;
    private const int Bins = 31;

    /// <inheritdoc/>
    public override string Key => "rand-augment";

    /// <summary>Operations per image, 1 to 14.</summary>
    /// <value>2.</value>
    [Range(1, Kinds)]
    public int Operations { get; init; } = 2;

    /// <summary>The magnitude of all operations, from 0 to 30.</summary>
    /// <value>9.</value>
    [Range(0, Bins - 1)]
    public int Magnitude { get; init; } = 9;

    /// <summary>The interpolation of shears, translations and rotations.</summary>
    /// <value><see cref="Interpolation.Nearest"/>.</value>
    public Interpolation Interpolation { get; init; }

    /// <summary>The fill value for pixels outside the image, from 0 to 255.</summary>
    /// <value>0.</value>
    [Range(0, 255)]
    public int Fill { get; init; }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        using DisposeScope scope = NewDisposeScope();
        Tensor result = images;
        for (int operation = 0; operation < Operations; operation++)
        {
            ImageOperationStep[] steps = [.. Enumerable.Range(0, (int)images.shape[0]).Select(_ => Draw((int)images.shape[2], (int)images.shape[3], random))];
            result = ImageOperations.Apply(result, steps, Interpolation, Fill);
        }

        return result.MoveToOuterDisposeScope();
    }

    internal ImageOperationStep Draw(int height, int width, RandomStream random)
    {
        ImageOperation operation = (ImageOperation)random.NextInt(Kinds);
        double magnitude = ImageOperations.Magnitude(operation, Magnitude, Bins, height, width);
        return new ImageOperationStep(operation, ImageOperations.IsSigned(operation) && random.NextInt(2) == 1 ? -magnitude : magnitude);
    }
}
