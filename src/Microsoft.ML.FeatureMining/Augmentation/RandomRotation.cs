using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Turns each image about its center by an angle of its own, uniform between minus and plus <see cref="Degrees"/>; the size stays.</summary>
public sealed record RandomRotation : ImageAugmentation
{
    /// <inheritdoc/>
    public override string Key => "rotation";

    /// <summary>The largest angle, from 0 to 180.</summary>
    /// <value>15.</value>
    public double Degrees { get; init; } = 15;

    /// <summary>How pixels between pixels are read.</summary>
    /// <value><see cref="Interpolation.Bilinear"/>.</value>
    public Interpolation Interpolation { get; init; } = Interpolation.Bilinear;

    /// <summary>The value of what comes from outside the image, from 0 to 255.</summary>
    /// <value>0.</value>
    public int Fill { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (!(Degrees is >= 0 and <= 180))
        {
            yield return $"Degrees of rotation lies in [0, 180]; it is {Degrees}.";
        }

        if (!Enum.IsDefined(Interpolation))
        {
            yield return $"Interpolation of rotation has no value {(int)Interpolation}.";
        }

        if (Fill is < 0 or > 255)
        {
            yield return $"Fill of rotation lies in [0, 255]; it is {Fill}.";
        }
    }

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
