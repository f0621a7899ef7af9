using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Random erasing (Zhong et al. 2020): with <see cref="Probability"/>, erases one box. Its area is uniform, its aspect ratio log-uniform. A box that is not
/// smaller than the image is drawn again. After ten attempts the image stays unchanged, as in torchvision.
/// </summary>
public sealed record RandomErasing : ImageAugmentation
{
    private const int Attempts = 10;

    /// <inheritdoc/>
    public override string Key => "random-erasing";

    /// <summary>The probability that a box is erased, in [0, 1].</summary>
    /// <value>0.25.</value>
    [Range(0.0, 1.0)]
    public double Probability { get; init; } = 0.25;

    /// <summary>The smallest erased area, as a fraction of the image, above 0.</summary>
    /// <value>0.02.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double MinArea { get; init; } = 0.02;

    /// <summary>The largest erased area, as a fraction of the image, at most 1.</summary>
    /// <value>0.33.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double MaxArea { get; init; } = 0.33;

    /// <summary>The smallest ratio of height to width, above 0.</summary>
    /// <value>0.3.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double MinAspect { get; init; } = 0.3;

    /// <summary>The largest ratio of height to width.</summary>
    /// <value>3.3.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double MaxAspect { get; init; } = 3.3;

    /// <summary>What the box is filled with.</summary>
    /// <value><see cref="ErasedFill.Noise"/>, the paper's best.</value>
    public ErasedFill Fill { get; init; } = ErasedFill.Noise;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (MinArea > MaxArea)
        {
            yield return FormattableString.Invariant($"MinArea of random-erasing must be at most MaxArea; they are {MinArea} and {MaxArea}.");
        }

        if (MinAspect > MaxAspect)
        {
            yield return FormattableString.Invariant($"MinAspect of random-erasing must be at most MaxAspect; they are {MinAspect} and {MaxAspect}.");
        }
    }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        return Erasure.Boxes(images, (height, width) => random.NextDouble() < Probability ? Draw(height, width, random) : default, Fill, random);
    }

    /// <summary>Draws the box for one image; empty if none fits.</summary>
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

/// <summary>Erases rectangles in a whole batch. A mask is the product of rows and columns, so only N * (H + W) values are copied to the device.</summary>
internal static class Erasure
{
    /// <summary>Erases one box per image.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="draw">Draws the box for an image of the given height and width; an empty box erases nothing.</param>
    /// <param name="fill">What erased pixels are replaced with.</param>
    /// <param name="random">Used only for <see cref="ErasedFill.Noise"/>, after all boxes are drawn.</param>
    public static Tensor Boxes(Tensor images, Func<int, int, PixelBox> draw, ErasedFill fill, RandomStream random)
    {
        long[] shape = images.shape;
        (int count, int height, int width) = ((int)shape[0], (int)shape[2], (int)shape[3]);
        bool[] rows = new bool[count * height];
        bool[] columns = new bool[count * width];
        for (int n = 0; n < count; n++)
        {
            PixelBox box = draw(height, width);
            rows.AsSpan(n * height + box.Top, box.Height).Fill(true);
            columns.AsSpan(n * width + box.Left, box.Width).Fill(true);
        }

        return Apply(images, rows, columns, fill, random);
    }

    /// <summary>Erases the pixels whose row and column are both marked.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="rows">[N,H].</param>
    /// <param name="columns">[N,W].</param>
    /// <param name="fill">What erased pixels are replaced with.</param>
    /// <param name="random">Used only for <see cref="ErasedFill.Noise"/>.</param>
    public static Tensor Apply(Tensor images, bool[] rows, bool[] columns, ErasedFill fill, RandomStream random)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] shape = images.shape;
        Tensor mask = rows.Upload(images.device).view(shape[0], 1, shape[2], 1).logical_and(columns.Upload(images.device).view(shape[0], 1, 1, shape[3])); // [N,1,H,W]
        Tensor erased = fill switch
        {
            ErasedFill.Black => images.MaskedFill(mask, 0),
            ErasedFill.Mean => where(mask, Mean(images), images),
            _ => where(mask, Noise(images, random), images),
        };
        return erased.MoveToOuterDisposeScope();
    }

    private static Tensor Mean(Tensor images)
    {
        Tensor mean = images.to(ScalarType.Float32).mean(new long[] { 2, 3 }, keepdim: true); // [N,C,1,1]
        return images.dtype == ScalarType.Byte ? mean.round().to(ScalarType.Byte) : mean;
    }

    private static Tensor Noise(Tensor images, RandomStream random)
    {
        Tensor noise = DeviceCopy.Staging(images.shape, ScalarType.Byte, images.device);
        random.Fill(noise.bytes);
        return DeviceCopy.Upload(noise, images.device).to(images.dtype);
    }
}

/// <summary>What erased pixels are replaced with.</summary>
public enum ErasedFill
{
    /// <summary>The image's own mean per channel. Close to 0 after normalization, which is the papers' fill value.</summary>
    Mean,

    /// <summary>0 in pixel units: black.</summary>
    Black,

    /// <summary>A uniform integer from 0 to 255 for each channel of each pixel.</summary>
    Noise,
}
