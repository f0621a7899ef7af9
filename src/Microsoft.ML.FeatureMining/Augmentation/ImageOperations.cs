using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Applies one operation per image to a whole batch: images of the same operation go together, each with a strength of its own. TorchVision's functional transforms take one strength for all images,
/// so that they would run once per image.
/// </summary>
internal static class ImageOperations
{
    public static Tensor Apply(Tensor images, IReadOnlyList<ImageOperationStep> steps, Interpolation interpolation, double fill)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor result = images.clone();
        var groups = steps.Select((step, row) => (Step: step, Row: (long)row)).GroupBy(entry => entry.Step.Operation);
        foreach (var group in groups.Where(group => group.Key != ImageOperation.Identity))
        {
            using DisposeScope operation = NewDisposeScope();
            Tensor rows = tensor(group.Select(entry => entry.Row).ToArray(), device: images.device);
            double[] magnitudes = [.. group.Select(entry => entry.Step.Magnitude)];
            result.index_copy_(0, rows, Apply(group.Key, images.index_select(0, rows), magnitudes, interpolation, fill));
        }

        return result.MoveToOuterDisposeScope();
    }

    /// <summary>The magnitude of a level on a scale of so many bins, as torchvision lays them out; the sign is left to the caller.</summary>
    public static double Magnitude(ImageOperation operation, int level, int bins, int height, int width) => operation switch
    {
        ImageOperation.ShearX or ImageOperation.ShearY => Linear(0, 0.3f, level, bins),
        ImageOperation.TranslateX => Linear(0, (float)(150.0 / 331.0 * width), level, bins),
        ImageOperation.TranslateY => Linear(0, (float)(150.0 / 331.0 * height), level, bins),
        ImageOperation.Rotate => Linear(0, 30, level, bins),
        ImageOperation.Brightness or ImageOperation.Color or ImageOperation.Contrast or ImageOperation.Sharpness => Linear(0, 0.9f, level, bins),
        ImageOperation.Posterize => 8 - Math.Round(level / ((bins - 1) / 4.0)),
        ImageOperation.Solarize => Linear(255, 0, level, bins),
        _ => 0,
    };

    /// <summary>Whether the operation goes both ways.</summary>
    public static bool IsSigned(ImageOperation operation) => operation is >= ImageOperation.ShearX and <= ImageOperation.Sharpness;

    private static Tensor Apply(ImageOperation operation, Tensor images, double[] magnitudes, Interpolation interpolation, double fill)
    {
        (int height, int width) = ((int)images.shape[2], (int)images.shape[3]);
        return operation switch
        {
            ImageOperation.ShearX => Warp(slope => AffineWarp.ShearX(slope, height)),
            ImageOperation.ShearY => Warp(slope => AffineWarp.ShearY(slope, width)),
            ImageOperation.TranslateX => Warp(pixels => AffineWarp.Translation((int)pixels, 0)),
            ImageOperation.TranslateY => Warp(pixels => AffineWarp.Translation(0, (int)pixels)),
            ImageOperation.Rotate => Warp(AffineWarp.Rotation),
            ImageOperation.Brightness => PixelOperations.Brightness(images, Factors()),
            ImageOperation.Color => PixelOperations.Saturation(images, Factors()),
            ImageOperation.Contrast => PixelOperations.Contrast(images, Factors()),
            ImageOperation.Sharpness => PixelOperations.Sharpness(images, Factors()),
            ImageOperation.Posterize => PixelOperations.Posterize(images, magnitudes),
            ImageOperation.Solarize => PixelOperations.Solarize(images, magnitudes),
            ImageOperation.AutoContrast => PixelOperations.AutoContrast(images),
            ImageOperation.Equalize => PixelOperations.Equalize(images),
            ImageOperation.Invert => PixelOperations.Invert(images),
            _ => images,
        };

        Tensor Warp(Func<double, float[]> matrix) => AffineWarp.Apply(images, [.. magnitudes.Select(matrix)], interpolation, fill);

        double[] Factors() => [.. magnitudes.Select(magnitude => 1 + magnitude)];
    }

    // In single precision and from both ends, as torch.linspace: a threshold that is a whole number must come out as one.
    private static float Linear(float first, float last, int level, int bins)
    {
        float step = (last - first) / (bins - 1);
        return level < bins / 2 ? first + step * level : last - step * (bins - 1 - level);
    }
}
