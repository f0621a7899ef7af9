using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// TrivialAugment (Müller and Hutter 2021), with the paper's wide search space: applies one operation per image, drawn uniformly from the fourteen of
/// <see cref="RandAugment"/>, with a uniform magnitude and a random sign. It has nothing to tune. Operations and magnitude scales are those of torchvision's
/// <c>TrivialAugmentWide</c>: shears up to 0.99, translations up to 32 pixels, rotations up to 135 degrees, factors from 0.01 to 1.99, 2 to 8 bits.
/// </summary>
public sealed record TrivialAugment : ImageAugmentation
{
    private const int Kinds = (int)ImageOperation.Equalize + 1;

    /// <inheritdoc/>
    public override string Key => "trivial-augment";

    /// <summary>The number of different magnitudes, from 0 to the largest, at least 2.</summary>
    /// <value>31.</value>
    [Range(2, int.MaxValue)]
    public int Bins { get; init; } = 31;

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
        ImageOperationStep[] steps = [.. Enumerable.Range(0, (int)images.shape[0]).Select(_ => Draw(random))];
        return ImageOperations.Apply(images, steps, Interpolation, Fill);
    }

    internal ImageOperationStep Draw(RandomStream random)
    {
        ImageOperation operation = (ImageOperation)random.NextInt(Kinds);
        double magnitude = ImageOperations.WideMagnitude(operation, random.NextInt(Bins), Bins);
        return new ImageOperationStep(operation, ImageOperations.IsSigned(operation) && random.NextInt(2) == 1 ? -magnitude : magnitude);
    }
}
