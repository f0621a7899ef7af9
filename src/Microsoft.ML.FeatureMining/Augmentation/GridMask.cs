using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// GridMask (Chen et al. 2020): erases a regular grid of squares. The unit d is drawn between two fractions of the image's shorter side. The squares have the
/// side d - round(r * d) and repeat every d pixels. The offset of the grid is drawn uniformly within a unit. As in the paper, the grid is not rotated. Unlike
/// in the paper, the probability is the same for the whole run.
/// </summary>
public sealed record GridMask : ImageAugmentation
{
    /// <inheritdoc/>
    public override string Key => "grid-mask";

    /// <summary>The probability that an image is masked, in [0, 1].</summary>
    /// <value>0.8, the last value of the paper's schedule.</value>
    [Range(0.0, 1.0)]
    public double Probability { get; init; } = 0.8;

    /// <summary>r, the fraction of a unit's side that is kept, in (0, 1). About (1 - r)^2 of all pixels are erased.</summary>
    /// <value>0.6, as in the paper for ImageNet; the paper uses 0.4 for CIFAR-10.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double KeepRatio { get; init; } = 0.6;

    /// <summary>The smallest unit, as a fraction of the shorter side, above 0.</summary>
    /// <value>0.43: 96 of 224 pixels.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double MinUnit { get; init; } = 0.43;

    /// <summary>The largest unit, as a fraction of the shorter side, at most 1.</summary>
    /// <value>1: 224 of 224 pixels.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double MaxUnit { get; init; } = 1;

    /// <summary>What the squares are filled with.</summary>
    /// <value><see cref="ErasedFill.Mean"/>.</value>
    public ErasedFill Fill { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (MinUnit > MaxUnit)
        {
            yield return FormattableString.Invariant($"MinUnit of grid-mask must be at most MaxUnit; they are {MinUnit} and {MaxUnit}.");
        }
    }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        long[] shape = images.shape;
        (int count, int height, int width) = ((int)shape[0], (int)shape[2], (int)shape[3]);
        bool[] rows = new bool[count * height];
        bool[] columns = new bool[count * width];
        for (int n = 0; n < count; n++)
        {
            if (random.NextDouble() < Probability)
            {
                (int unit, int side) = DrawUnit(Math.Min(height, width), random);
                Mark(rows.AsSpan(n * height, height), unit, side, random.NextInt(unit));
                Mark(columns.AsSpan(n * width, width), unit, side, random.NextInt(unit));
            }
        }

        return Erasure.Apply(images, rows, columns, Fill, random);
    }

    /// <summary>Draws the unit d and the side of its square. The side is at least 1 pixel. It is less than the unit if the unit has 2 or more pixels.</summary>
    internal (int Unit, int Side) DrawUnit(int shorterSide, RandomStream random)
    {
        int least = Math.Max((int)Math.Round(MinUnit * shorterSide), 1);
        int most = Math.Max((int)Math.Round(MaxUnit * shorterSide), least);
        int unit = least + random.NextInt(most - least + 1);
        int kept = Math.Min(Math.Max((int)(KeepRatio * unit + 0.5), 1), unit - 1);
        return (unit, unit - kept);
    }

    private static void Mark(Span<bool> line, int unit, int side, int offset)
    {
        for (int i = 0; i < line.Length; i++)
        {
            line[i] = (i + unit - offset) % unit < side;
        }
    }
}
