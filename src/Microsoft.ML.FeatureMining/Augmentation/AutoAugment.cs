using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static Microsoft.ML.FeatureMining.Augmentation.ImageOperation;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// AutoAugment (Cubuk et al. 2019). Each image draws one of the policy's 25 sub-policies: two operations, each with its own probability and magnitude. The sign
/// is random. Operations and magnitude scales are torchvision's.
/// </summary>
public sealed record AutoAugment : ImageAugmentation
{
    private const int Bins = 10;

    /// <inheritdoc/>
    public override string Key => "auto-augment";

    /// <summary>The policy that the operations are drawn from.</summary>
    /// <value><see cref="AutoAugmentPolicy.Cifar10"/>.</value>
    public AutoAugmentPolicy Policy { get; init; }

    /// <summary>The interpolation of shears, translations and rotations.</summary>
    /// <value><see cref="Interpolation.Nearest"/>.</value>
    public Interpolation Interpolation { get; init; }

    /// <summary>The fill value for pixels outside the image, from 0 to 255.</summary>
    /// <value>128, as in the authors' code; torchvision's default is 0.</value>
    [Range(0, 255)]
    public int Fill { get; init; } = 128;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        (int height, int width) = ((int)images.shape[2], (int)images.shape[3]);
        return Apply(images, [.. Enumerable.Range(0, (int)images.shape[0]).Select(_ => Draw(height, width, random))]);
    }

    internal Tensor Apply(Tensor images, (ImageOperationStep First, ImageOperationStep Second)[] pairs)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor half = ImageOperations.Apply(images, [.. pairs.Select(pair => pair.First)], Interpolation, Fill);
        return ImageOperations.Apply(half, [.. pairs.Select(pair => pair.Second)], Interpolation, Fill).MoveToOuterDisposeScope();
    }

    /// <summary>Draws the two operations for one image. An operation that is not applied is the identity.</summary>
    internal (ImageOperationStep First, ImageOperationStep Second) Draw(int height, int width, RandomStream random)
    {
        IReadOnlyList<SubPolicy> policies = AutoAugmentTables.Of(Policy);
        SubPolicy chosen = policies[random.NextInt(policies.Count)];
        return (DrawStep(chosen.First, chosen.FirstProbability, chosen.FirstLevel), DrawStep(chosen.Second, chosen.SecondProbability, chosen.SecondLevel));

        ImageOperationStep DrawStep(ImageOperation operation, double probability, int level)
        {
            bool applied = random.NextDouble() < probability;
            bool negative = random.NextInt(2) == 1;
            return applied ? Step(operation, level, negative, height, width) : default;
        }
    }

    internal static ImageOperationStep Step(ImageOperation operation, int level, bool negative, int height, int width)
    {
        double magnitude = ImageOperations.Magnitude(operation, level, Bins, height, width);
        return new ImageOperationStep(operation, negative && ImageOperations.IsSigned(operation) ? -magnitude : magnitude);
    }
}

/// <summary>The policies published by AutoAugment's authors, named after the data set of the search.</summary>
public enum AutoAugmentPolicy
{
    /// <summary>Searched on a subset of CIFAR-10; also used for CIFAR-100.</summary>
    Cifar10,

    /// <summary>Searched on a subset of ImageNet; also used for other photographs.</summary>
    ImageNet,
}

/// <summary>The 25 sub-policies of each policy (Cubuk et al. 2019, appendix). Operations without a magnitude have level 0.</summary>
internal static class AutoAugmentTables
{
    public static IReadOnlyList<SubPolicy> Of(AutoAugmentPolicy policy) => policy == AutoAugmentPolicy.Cifar10 ? Cifar10 : ImageNet;

    private static readonly SubPolicy[] Cifar10 =
    [
        new(Invert, 0.1, 0, Contrast, 0.2, 6),
        new(Rotate, 0.7, 2, TranslateX, 0.3, 9),
        new(Sharpness, 0.8, 1, Sharpness, 0.9, 3),
        new(ShearY, 0.5, 8, TranslateY, 0.7, 9),
        new(AutoContrast, 0.5, 0, Equalize, 0.9, 0),
        new(ShearY, 0.2, 7, Posterize, 0.3, 7),
        new(Color, 0.4, 3, Brightness, 0.6, 7),
        new(Sharpness, 0.3, 9, Brightness, 0.7, 9),
        new(Equalize, 0.6, 0, Equalize, 0.5, 0),
        new(Contrast, 0.6, 7, Sharpness, 0.6, 5),
        new(Color, 0.7, 7, TranslateX, 0.5, 8),
        new(Equalize, 0.3, 0, AutoContrast, 0.4, 0),
        new(TranslateY, 0.4, 3, Sharpness, 0.2, 6),
        new(Brightness, 0.9, 6, Color, 0.2, 8),
        new(Solarize, 0.5, 2, Invert, 0, 0),
        new(Equalize, 0.2, 0, AutoContrast, 0.6, 0),
        new(Equalize, 0.2, 0, Equalize, 0.6, 0),
        new(Color, 0.9, 9, Equalize, 0.6, 0),
        new(AutoContrast, 0.8, 0, Solarize, 0.2, 8),
        new(Brightness, 0.1, 3, Color, 0.7, 0),
        new(Solarize, 0.4, 5, AutoContrast, 0.9, 0),
        new(TranslateY, 0.9, 9, TranslateY, 0.7, 9),
        new(AutoContrast, 0.9, 0, Solarize, 0.8, 3),
        new(Equalize, 0.8, 0, Invert, 0.1, 0),
        new(TranslateY, 0.7, 9, AutoContrast, 0.9, 0),
    ];

    private static readonly SubPolicy[] ImageNet =
    [
        new(Posterize, 0.4, 8, Rotate, 0.6, 9),
        new(Solarize, 0.6, 5, AutoContrast, 0.6, 0),
        new(Equalize, 0.8, 0, Equalize, 0.6, 0),
        new(Posterize, 0.6, 7, Posterize, 0.6, 6),
        new(Equalize, 0.4, 0, Solarize, 0.2, 4),
        new(Equalize, 0.4, 0, Rotate, 0.8, 8),
        new(Solarize, 0.6, 3, Equalize, 0.6, 0),
        new(Posterize, 0.8, 5, Equalize, 1, 0),
        new(Rotate, 0.2, 3, Solarize, 0.6, 8),
        new(Equalize, 0.6, 0, Posterize, 0.4, 6),
        new(Rotate, 0.8, 8, Color, 0.4, 0),
        new(Rotate, 0.4, 9, Equalize, 0.6, 0),
        new(Equalize, 0, 0, Equalize, 0.8, 0),
        new(Invert, 0.6, 0, Equalize, 1, 0),
        new(Color, 0.6, 4, Contrast, 1, 8),
        new(Rotate, 0.8, 8, Color, 1, 2),
        new(Color, 0.8, 8, Solarize, 0.8, 7),
        new(Sharpness, 0.4, 7, Invert, 0.6, 0),
        new(ShearX, 0.6, 5, Equalize, 1, 0),
        new(Color, 0.4, 0, Equalize, 0.6, 0),
        new(Equalize, 0.4, 0, Solarize, 0.2, 4),
        new(Solarize, 0.6, 5, AutoContrast, 0.6, 0),
        new(Invert, 0.6, 0, Equalize, 1, 0),
        new(Color, 0.6, 4, Contrast, 1, 8),
        new(Equalize, 0.8, 0, Equalize, 0.6, 0),
    ];
}

/// <summary>Two operations, applied in this order, each with its probability and its level from 0 to 9.</summary>
internal readonly record struct SubPolicy(
    ImageOperation First,
    double FirstProbability,
    int FirstLevel,
    ImageOperation Second,
    double SecondProbability,
    int SecondLevel
);

/// <summary>
/// One operation on one image. The unit of the magnitude depends on the operation: slope, pixels, degrees, difference from a factor of 1, bits, or a threshold.
/// </summary>
internal readonly record struct ImageOperationStep(ImageOperation Operation, double Magnitude);
