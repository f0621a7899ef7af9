using Microsoft.ML.FeatureMining.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// AutoAugment (Cubuk et al. 2019): each image draws one of the policy's 25 pairs of operations; each of the two is applied with its own probability and magnitude,
/// the sign by a coin. Scales and operations are torchvision's.
/// </summary>
public sealed record AutoAugment : ImageAugmentation
{
    private const int Bins = 10;

    /// <inheritdoc/>
    public override string Key => "auto-augment";

    /// <summary>Which pairs are drawn from.</summary>
    /// <value><see cref="AutoAugmentPolicy.Cifar10"/>.</value>
    public AutoAugmentPolicy Policy { get; init; }

    /// <summary>How pixels between pixels are read.</summary>
    /// <value><see cref="Interpolation.Nearest"/>.</value>
    public Interpolation Interpolation { get; init; }

    /// <summary>The value of what comes from outside the image, from 0 to 255.</summary>
    /// <value>128, as the authors fill; torchvision takes 0.</value>
    public int Fill { get; init; } = 128;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (!Enum.IsDefined(Policy))
        {
            yield return $"Policy of AutoAugment has no value {(int)Policy}.";
        }

        if (!Enum.IsDefined(Interpolation))
        {
            yield return $"Interpolation of AutoAugment has no value {(int)Interpolation}.";
        }

        if (Fill is < 0 or > 255)
        {
            yield return $"Fill of AutoAugment lies in [0, 255]; it is {Fill}.";
        }
    }

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

    /// <summary>The two steps of one image; what its probability leaves out is the identity.</summary>
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
