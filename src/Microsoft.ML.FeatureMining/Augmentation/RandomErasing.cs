using Microsoft.ML.FeatureMining.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Random erasing (Zhong et al. 2020): with <see cref="Probability"/>, erases a box whose share of the image is uniform and the logarithm of whose aspect is uniform.
/// A box that is not smaller than the image is drawn again, ten times; then the image stays as it is, as in torchvision.
/// </summary>
public sealed record RandomErasing : ImageAugmentation
{
    private const int Attempts = 10;

    /// <inheritdoc/>
    public override string Key => "random-erasing";

    /// <summary>The probability that an image is touched, in [0, 1].</summary>
    /// <value>0.25.</value>
    public double Probability { get; init; } = 0.25;

    /// <summary>The least share of the image that is erased, above 0.</summary>
    /// <value>0.02.</value>
    public double MinArea { get; init; } = 0.02;

    /// <summary>The largest share of the image that is erased, at most 1.</summary>
    /// <value>0.33.</value>
    public double MaxArea { get; init; } = 0.33;

    /// <summary>The least ratio of height to width, above 0.</summary>
    /// <value>0.3.</value>
    public double MinAspect { get; init; } = 0.3;

    /// <summary>The largest ratio of height to width.</summary>
    /// <value>3.3.</value>
    public double MaxAspect { get; init; } = 3.3;

    /// <summary>What takes the place of the box.</summary>
    /// <value><see cref="ErasedFill.Noise"/>, the paper's best.</value>
    public ErasedFill Fill { get; init; } = ErasedFill.Noise;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (!(Probability is >= 0 and <= 1))
        {
            yield return $"Probability of random erasing lies in [0, 1]; it is {Probability}.";
        }

        if (!(MinArea > 0 && MinArea <= MaxArea && MaxArea <= 1))
        {
            yield return $"Areas of random erasing are shares with 0 < MinArea <= MaxArea <= 1; they are {MinArea} and {MaxArea}.";
        }

        if (!(MinAspect > 0 && MinAspect <= MaxAspect && double.IsFinite(MaxAspect)))
        {
            yield return $"Aspects of random erasing are ratios with 0 < MinAspect <= MaxAspect; they are {MinAspect} and {MaxAspect}.";
        }

        if (!Enum.IsDefined(Fill))
        {
            yield return $"Fill of random erasing has no value {(int)Fill}.";
        }
    }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        return Erasure.Boxes(images, (height, width) => random.NextDouble() < Probability ? Draw(height, width, random) : default, Fill, random);
    }

    /// <summary>The box of one image that is touched; empty where none fitted.</summary>
    internal PixelBox Draw(int height, int width, RandomStream random)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            double area = (double)height * width * random.NextUniform(MinArea, MaxArea);
            double aspect = random.NextLogUniform(MinAspect, MaxAspect);
            double rows = Math.Round(Math.Sqrt(area * aspect));
            double columns = Math.Round(Math.Sqrt(area / aspect));
            if (rows < height && columns < width)
            {
                return new PixelBox(random.NextInt(height - (int)rows + 1), random.NextInt(width - (int)columns + 1), (int)rows, (int)columns);
            }
        }

        return default;
    }
}
