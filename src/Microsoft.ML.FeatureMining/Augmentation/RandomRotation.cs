using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Rotates each image around its center by its own angle, drawn uniformly between minus and plus <see cref="Degrees"/>. The size does not change.
/// </summary>
public sealed record RandomRotation : ImageAugmentation
{
    /// <inheritdoc/>
    public override string Key => "rotation";

    /// <summary>The largest angle in degrees, from 0 to 180.</summary>
    /// <value>15.</value>
    [Range(0.0, 180.0)]
    public double Degrees { get; init; } = 15;

    /// <summary>The interpolation between pixels.</summary>
    /// <value><see cref="Interpolation.Bilinear"/>.</value>
    public Interpolation Interpolation { get; init; } = Interpolation.Bilinear;

    /// <summary>The fill value for pixels outside the image, from 0 to 255.</summary>
    /// <value>0.</value>
    [Range(0, 255)]
    public int Fill { get; init; }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        float[][] matrices = new float[images.shape[0]][];
        foreach (ref float[] matrix in matrices.AsSpan())
        {
            matrix = AffineWarp.Rotation(random.NextUniform(-Degrees, Degrees));
        }

        return AffineWarp.Apply(images, matrices, Interpolation, Fill);
    }
}
