using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Randomly changes brightness, contrast, saturation and hue. Each image draws its own factors and its own order. A strength of 0 disables a property.
/// Saturation and hue change only images with three channels.
/// </summary>
public sealed record ColorJitter : ImageAugmentation
{
    private const int Properties = 4;

    /// <inheritdoc/>
    public override string Key => "color-jitter";

    /// <summary>b; the factor is drawn uniformly from [max(0, 1 - b), 1 + b].</summary>
    /// <value>0.4.</value>
    [Range(0.0, double.MaxValue)]
    public double Brightness { get; init; } = 0.4;

    /// <summary>c; the factor is drawn uniformly from [max(0, 1 - c), 1 + c].</summary>
    /// <value>0.4.</value>
    [Range(0.0, double.MaxValue)]
    public double Contrast { get; init; } = 0.4;

    /// <summary>s; the factor is drawn uniformly from [max(0, 1 - s), 1 + s].</summary>
    /// <value>0.4.</value>
    [Range(0.0, double.MaxValue)]
    public double Saturation { get; init; } = 0.4;

    /// <summary>h, in [0, 0.5]; the hue shift is drawn uniformly from [-h, h], as a fraction of the color circle.</summary>
    /// <value>0.</value>
    [Range(0.0, 0.5)]
    public double Hue { get; init; }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        int count = (int)images.shape[0];
        int[][] orders = new int[count][];
        double[][] factors = new double[count][];
        for (int n = 0; n < count; n++)
        {
            orders[n] = random.Permutation(Properties);
            factors[n] = [Factor(Brightness, random), Factor(Contrast, random), Factor(Saturation, random), random.NextUniform(-Hue, Hue)];
        }

        return Apply(images, orders, factors);
    }

    /// <summary>Changes the properties of image n in the order orders[n], by factors[n][property].</summary>
    internal Tensor Apply(Tensor images, int[][] orders, double[][] factors)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor result = images.clone();
        for (int turn = 0; turn < Properties; turn++)
        {
            for (int property = 0; property < Properties; property++)
            {
                using DisposeScope step = NewDisposeScope();
                long[] rows = [.. Enumerable.Range(0, orders.Length).Where(n => orders[n][turn] == property).Select(n => (long)n)];
                if (rows.Length > 0 && Strength(property) > 0)
                {
                    Tensor index = rows.Upload(images.device);
                    result.index_copy_(0, index, Change(property, result.index_select(0, index), [.. rows.Select(n => factors[n][property])]));
                }
            }
        }

        return result.MoveToOuterDisposeScope();
    }

    private static double Factor(double strength, RandomStream random) => random.NextUniform(Math.Max(0, 1 - strength), 1 + strength);

    private static Tensor Change(int property, Tensor images, double[] factors) =>
        property switch
        {
            0 => PixelOperations.Brightness(images, factors),
            1 => PixelOperations.Contrast(images, factors),
            2 => PixelOperations.Saturation(images, factors),
            _ => PixelOperations.Hue(images, factors),
        };

    private double Strength(int property) =>
        property switch
        {
            0 => Brightness,
            1 => Contrast,
            2 => Saturation,
            _ => Hue,
        };
}
