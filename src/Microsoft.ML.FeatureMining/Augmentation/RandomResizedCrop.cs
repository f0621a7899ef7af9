using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Crops a random box and resizes it to the size of the network's input, with bilinear interpolation. The area of the box is uniform, its aspect ratio
/// log-uniform. A box that does not fit is drawn again. After ten attempts, the largest central box of an allowed aspect ratio is used. The distribution is
/// torchvision's. The box is drawn on the image as it is kept: its central square, or with <see cref="Imaging.ResizeRule.Squash"/> the whole image. If images
/// shrink by more than a factor of 2 (<see cref="Training.TrainingOptions.ProgressiveResizing"/>), the box is resized to a multiple of the size, and averaged.
/// </summary>
public sealed record RandomResizedCrop : ImageAugmentation
{
    private const int Attempts = 10;

    /// <inheritdoc/>
    public override string Key => "random-resized-crop";

    /// <summary>The smallest area of the box, as a fraction of the image, above 0.</summary>
    /// <value>0.08.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double MinArea { get; init; } = 0.08;

    /// <summary>The largest area of the box, as a fraction of the image, at most 1.</summary>
    /// <value>1.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double MaxArea { get; init; } = 1;

    /// <summary>The smallest ratio of width to height, above 0.</summary>
    /// <value>3 / 4.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double MinAspect { get; init; } = 3.0 / 4;

    /// <summary>The largest ratio of width to height.</summary>
    /// <value>4 / 3.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double MaxAspect { get; init; } = 4.0 / 3;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (MinArea > MaxArea)
        {
            yield return FormattableString.Invariant($"MinArea of random-resized-crop must be at most MaxArea; they are {MinArea} and {MaxArea}.");
        }

        if (MinAspect > MaxAspect)
        {
            yield return FormattableString.Invariant($"MinAspect of random-resized-crop must be at most MaxAspect; they are {MinAspect} and {MaxAspect}.");
        }
    }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        return CropTo(images, ShapeOf(images), random);
    }

    /// <inheritdoc/>
    protected internal override bool Crops => true;

    /// <inheritdoc/>
    protected internal override Tensor CropTo(Tensor images, ImageShape size, RandomStream random) =>
        Crop(images, Draw((int)images.shape[0], (int)images.shape[2], (int)images.shape[3], random), size.Height, size.Width);

    /// <inheritdoc/>
    protected internal override bool Resizes => true;

    /// <inheritdoc/>
    internal override BatchOperation? InMemory(int count, ImageShape shape, ImageShape network, PixelType element, RandomStream random) =>
        element == PixelType.Byte ? new ResizedCrops(shape, network, Draw(count, shape.Height, shape.Width, random)) : null;

    internal PixelBox Draw(int height, int width, RandomStream random)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            double area = (double)height * width * random.NextUniform(MinArea, MaxArea);
            double aspect = random.NextLogUniform(MinAspect, MaxAspect);
            double columns = Math.Round(Math.Sqrt(area * aspect));
            double rows = Math.Round(Math.Sqrt(area / aspect));
            if (columns > 0 && columns <= width && rows > 0 && rows <= height)
            {
                return new PixelBox(random.NextInt(height - (int)rows + 1), random.NextInt(width - (int)columns + 1), (int)rows, (int)columns);
            }
        }

        return Central(height, width);
    }

    /// <summary>Crops one box from each image and resizes it.</summary>
    internal static Tensor Crop(Tensor images, IReadOnlyList<PixelBox> boxes, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        int averaged = ResizedCrops.Averaged((int)images.shape[2], (int)images.shape[3], height, width);
        Tensor scaled = Sample(images, boxes, averaged * height, averaged * width);
        Tensor crops = averaged == 1 ? scaled : nn.functional.avg_pool2d(scaled, averaged);
        return (images.dtype == ScalarType.Byte ? crops.round().to(ScalarType.Byte) : crops).MoveToOuterDisposeScope();
    }

    // Floats [N,C,height,width].
    private static Tensor Sample(Tensor images, IReadOnlyList<PixelBox> boxes, int height, int width)
    {
        int count = (int)images.shape[0];
        float[] x = [.. boxes.SelectMany(box => Coordinates(box.Left, box.Width, width, (int)images.shape[3]))];
        float[] y = [.. boxes.SelectMany(box => Coordinates(box.Top, box.Height, height, (int)images.shape[2]))];
        Tensor grid = stack(
            [x.Upload(images.device, count, 1, width).expand(count, height, width), y.Upload(images.device, count, height, 1).expand(count, height, width)],
            -1
        ); // [N,H,W,2]
        return nn.functional.grid_sample(images.to(ScalarType.Float32), grid, GridSampleMode.Bilinear, GridSamplePaddingMode.Border, align_corners: false);
    }

    // Clamped to the box, so that neighboring pixels do not bleed in.
    private static IEnumerable<float> Coordinates(int first, int length, int count, int size)
    {
        for (int i = 0; i < count; i++)
        {
            double at = BilinearTap.Position(i, length, count) + first;
            yield return (float)((2 * at + 1) / size - 1);
        }
    }

    private PixelBox[] Draw(int count, int height, int width, RandomStream random)
    {
        PixelBox[] boxes = new PixelBox[count];
        foreach (ref PixelBox box in boxes.AsSpan())
        {
            box = Draw(height, width, random);
        }

        return boxes;
    }

    private PixelBox Central(int height, int width)
    {
        double aspect = (double)width / height;
        int rows = aspect < MinAspect ? (int)Math.Round(width / MinAspect) : height;
        int columns = aspect > MaxAspect ? (int)Math.Round(height * MaxAspect) : width;
        return new PixelBox((height - rows) / 2, (width - columns) / 2, rows, columns);
    }
}
