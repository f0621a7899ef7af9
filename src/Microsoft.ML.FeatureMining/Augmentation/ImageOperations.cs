using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Applies one operation per image to a whole batch. Images with the same operation are processed together, each with its own magnitude. TorchVision's
/// functional transforms take one magnitude for all images, so they would have to run once per image.
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
            Tensor rows = group.Select(entry => entry.Row).ToArray().Upload(images.device);
            double[] magnitudes = [.. group.Select(entry => entry.Step.Magnitude)];
            result.index_copy_(0, rows, Apply(group.Key, images.index_select(0, rows), magnitudes, interpolation, fill));
        }

        return result.MoveToOuterDisposeScope();
    }

    /// <summary>The magnitude of a level on torchvision's scale with that number of bins. The caller chooses the sign.</summary>
    public static double Magnitude(ImageOperation operation, int level, int bins, int height, int width) =>
        operation switch
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

    /// <summary>The magnitude of a level on torchvision's scale for TrivialAugmentWide. The caller chooses the sign.</summary>
    public static double WideMagnitude(ImageOperation operation, int level, int bins) =>
        operation switch
        {
            ImageOperation.ShearX or ImageOperation.ShearY => Linear(0, 0.99f, level, bins),
            ImageOperation.TranslateX or ImageOperation.TranslateY => Linear(0, 32, level, bins),
            ImageOperation.Rotate => Linear(0, 135, level, bins),
            ImageOperation.Brightness or ImageOperation.Color or ImageOperation.Contrast or ImageOperation.Sharpness => Linear(0, 0.99f, level, bins),
            ImageOperation.Posterize => 8 - Math.Round(level / ((bins - 1) / 6.0)),
            ImageOperation.Solarize => Linear(255, 0, level, bins),
            _ => 0,
        };

    /// <summary>Whether the magnitude can be negative.</summary>
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

    // In single precision and from both ends, as torch.linspace computes it, so that integer thresholds stay integers.
    private static float Linear(float first, float last, int level, int bins)
    {
        float step = (last - first) / (bins - 1);
        return level < bins / 2 ? first + step * level : last - step * (bins - 1 - level);
    }
}

/// <summary>The operations that AutoAugment, RandAugment and TrivialAugment draw from.</summary>
internal enum ImageOperation
{
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
    Invert,
}

/// <summary>
/// Color operations on whole batches [N,C,H,W], with one strength per image. Bytes stay bytes, truncated as in torchvision. Floats stay floats and must be in
/// [0, 255]. If there are not three channels, contrast uses the mean of all channels, and saturation and hue change nothing.
/// </summary>
internal static class PixelOperations
{
    private const int White = 255;

    public static Tensor Brightness(Tensor images, IReadOnlyList<double> factors) => Blend(images, zeros_like(images), factors);

    /// <summary>Blends with the mean gray level of the image.</summary>
    public static Tensor Contrast(Tensor images, IReadOnlyList<double> factors) =>
        Blend(images, (images.shape[1] == 3 ? Gray(images) : images).to(ScalarType.Float32).mean(new long[] { 1, 2, 3 }, keepdim: true), factors);

    /// <summary>Blends with the grayscale image.</summary>
    public static Tensor Saturation(Tensor images, IReadOnlyList<double> factors) => images.shape[1] == 3 ? Blend(images, Gray(images), factors) : images;

    /// <summary>Blends with the image smoothed by [1,1,1; 1,5,1; 1,1,1] / 13. Border pixels do not change.</summary>
    public static Tensor Sharpness(Tensor images, IReadOnlyList<double> factors)
    {
        long[] shape = images.shape;
        if (shape[2] <= 2 || shape[3] <= 2)
        {
            return images;
        }

        Tensor kernel = new float[] { 1, 1, 1, 1, 5, 1, 1, 1, 1 }
            .Upload(images.device, 1, 1, 3, 3)
            .Div_(13)
            .repeat(shape[1], 1, 1, 1);
        Tensor smooth = nn.functional.conv2d(images.to(ScalarType.Float32), kernel, groups: shape[1]); // [N,C,H-2,W-2]
        Tensor smoothed = images.clone();
        smoothed.narrow(2, 1, shape[2] - 2).narrow(3, 1, shape[3] - 2).copy_(images.dtype == ScalarType.Byte ? smooth.round() : smooth);
        return Blend(images, smoothed, factors);
    }

    /// <summary>Shifts the hue by a fraction of the color circle.</summary>
    public static Tensor Hue(Tensor images, IReadOnlyList<double> turns)
    {
        if (images.shape[1] != 3)
        {
            return images;
        }

        Tensor unit = images.to(ScalarType.Float32).Div(White);
        Tensor largest = unit.amax(1); // [N,H,W]
        Tensor spread = largest - unit.amin(1);
        Tensor hue = HueOf(unit, largest, spread).Add(PerImage(turns, images.device).view(-1, 1, 1)).Remainder(1);
        Tensor turned = FromHue(hue, spread / where(largest.Eq(0), ones_like(largest), largest), largest);
        Tensor pixels = turned.Mul(White);
        return images.dtype == ScalarType.Byte ? pixels.round().to(ScalarType.Byte) : pixels;
    }

    /// <summary>Keeps the highest bits of each value.</summary>
    public static Tensor Posterize(Tensor images, IReadOnlyList<double> bits)
    {
        byte[] kept = [.. bits.Select(count => (byte)(256 - (1 << (8 - (int)count))))];
        Tensor mask = kept.Upload(images.device).view(-1, 1, 1, 1);
        return images.Clamp(0, White).to(ScalarType.Byte).bitwise_and(mask).to(images.dtype);
    }

    /// <summary>Inverts all values at or above a threshold.</summary>
    public static Tensor Solarize(Tensor images, IReadOnlyList<double> thresholds) =>
        where(images.ge(PerImage(thresholds, images.device)), Invert(images), images);

    public static Tensor Invert(Tensor images) => images.Rsub(White);

    /// <summary>Stretches each channel to the full range.</summary>
    public static Tensor AutoContrast(Tensor images)
    {
        Tensor low = images.amin(2, 3).to(ScalarType.Float32).unsqueeze(2).unsqueeze(3); // [N,C,1,1]
        Tensor high = images.amax(2, 3).to(ScalarType.Float32).unsqueeze(2).unsqueeze(3);
        Tensor flat = high.eq(low);
        Tensor scale = where(flat, ones_like(low), (high - low).reciprocal().Mul(White));
        return ((images - low.MaskedFill(flat, 0)) * scale).Clamp(0, White).to(images.dtype);
    }

    /// <summary>Equalizes the histogram of each channel as Pillow does: 256 bins, integer arithmetic.</summary>
    public static Tensor Equalize(Tensor images)
    {
        long[] shape = images.shape;
        Tensor values = images.Clamp(0, White).to(ScalarType.Int64).reshape(shape[0] * shape[1], shape[2] * shape[3]); // [N*C,H*W]
        Tensor counts = zeros([values.shape[0], 256], ScalarType.Int64, images.device).scatter_add_(1, values, ones_like(values));
        Tensor ofBrightest = counts.gather(1, values.amax(1).unsqueeze(1)); // [N*C,1]
        Tensor step = ofBrightest.Rsub(shape[2] * shape[3]).Div(255, RoundingMode.floor);
        Tensor below = (counts.cumsum(1) - counts).Add(step.Div(2, RoundingMode.floor));
        Tensor table = below.div(step.ClampMin(1), RoundingMode.floor).Clamp(0, White);
        return where(step.Eq(0), values, table.gather(1, values)).view(shape).to(images.dtype);
    }

    /// <summary>factor * images + (1 - factor) * other, clamped to [0, 255].</summary>
    private static Tensor Blend(Tensor images, Tensor other, IReadOnlyList<double> factors)
    {
        Tensor blended = (images * PerImage(factors, images.device)).Add(other * PerImage([.. factors.Select(factor => 1 - factor)], images.device));
        return blended.Clamp(0, White).to(images.dtype);
    }

    private static Tensor Gray(Tensor images)
    {
        Tensor[] rgb = images.to(ScalarType.Float32).split(1, 1); // 3 x [N,1,H,W]
        return rgb[0].Mul(0.2989).Add(rgb[1].Mul(0.587)).Add(rgb[2].Mul(0.114)).to(images.dtype);
    }

    /// <summary>The hue in [0, 1): red 0, green 1/3, blue 2/3; 0 for gray.</summary>
    private static Tensor HueOf(Tensor unit, Tensor largest, Tensor spread)
    {
        Tensor[] rgb = unit.unbind(1);
        Tensor divisor = where(spread.Eq(0), ones_like(spread), spread);
        Tensor green = rgb[1].eq(largest).logical_and(rgb[0].ne(largest));
        Tensor sixths = where(
            rgb[0].eq(largest),
            (rgb[1] - rgb[2]) / divisor,
            where(green, ((rgb[2] - rgb[0]) / divisor).Add(2), ((rgb[0] - rgb[1]) / divisor).Add(4))
        );
        return sixths.Div(6).Remainder(1);
    }

    private static Tensor FromHue(Tensor hue, Tensor saturation, Tensor value)
    {
        // f(n) = v - v s max(0, min(k, 4 - k, 1)), k = (n + 6 h) mod 6, with n = 5, 3, 1 for red, green, blue.
        IEnumerable<Tensor> channels = new[] { 5, 3, 1 }.Select(n =>
        {
            Tensor k = hue.Mul(6).Add(n).Remainder(6);
            return value - value * saturation * k.minimum(k.Rsub(4)).Clamp(0, 1);
        });
        return stack(channels, 1); // [N,3,H,W]
    }

    private static Tensor PerImage(IReadOnlyList<double> values, Device device) =>
        values.Select(value => (float)value).ToArray().Upload(device).view(-1, 1, 1, 1);
}

/// <summary>
/// Shears, translates and rotates whole batches, with one matrix per image. The matrix [a b c; d e f], stored row by row, maps the output pixel (x, y) to its
/// source position (a x + b y + c, d x + e y + f), in pixels from the image's center. Positions outside the image get the fill value.
/// </summary>
internal static class AffineWarp
{
    public static float[] Rotation(double degrees)
    {
        (double sine, double cosine) = Math.SinCos(-degrees * Math.PI / 180);
        return [(float)cosine, (float)sine, 0, (float)-sine, (float)cosine, 0];
    }

    /// <summary>Around the upper left corner, as in the code of AutoAugment's authors.</summary>
    public static float[] ShearX(double slope, int height) => [1, (float)slope, (float)(slope * height / 2), 0, 1, 0];

    /// <summary>Around the upper left corner, as in the code of AutoAugment's authors.</summary>
    public static float[] ShearY(double slope, int width) => [1, 0, 0, (float)slope, 1, (float)(slope * width / 2)];

    public static float[] Translation(int right, int down) => [1, 0, -right, 0, 1, -down];

    /// <param name="images">[N,C,H,W], bytes or floats.</param>
    /// <param name="matrices">One matrix of six numbers per image.</param>
    /// <param name="interpolation">The interpolation between pixels.</param>
    /// <param name="fill">The value for pixels outside the image.</param>
    public static Tensor Apply(Tensor images, IReadOnlyList<float[]> matrices, Interpolation interpolation, double fill)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor pixels = images.to(ScalarType.Float32).Sub(fill); // so that zero padding gives the fill value
        Tensor warped = nn
            .functional.grid_sample(
                pixels,
                Grid(images, matrices),
                interpolation == Interpolation.Nearest ? GridSampleMode.Nearest : GridSampleMode.Bilinear,
                GridSamplePaddingMode.Zeros,
                align_corners: false
            )
            .Add(fill);
        return (images.dtype == ScalarType.Byte ? warped.round().to(ScalarType.Byte) : warped).MoveToOuterDisposeScope();
    }

    /// <summary>The source position of each pixel, [N,H,W,2]; the image spans -1 to 1.</summary>
    private static Tensor Grid(Tensor images, IReadOnlyList<float[]> matrices)
    {
        long[] shape = images.shape;
        (long height, long width) = (shape[2], shape[3]);
        Tensor x = TensorMath.Arange(width, ScalarType.Float32, images.device).Sub((width - 1) / 2.0).view(1, width).expand(height, width);
        Tensor y = TensorMath.Arange(height, ScalarType.Float32, images.device).Sub((height - 1) / 2.0).view(height, 1).expand(height, width);
        Tensor points = stack([x, y, ones_like(x)], -1).view(1, height * width, 3);
        float[] scaled = [.. matrices.SelectMany(matrix => matrix.Select((value, i) => value / (0.5f * (i < 3 ? width : height))))];
        Tensor theta = scaled.Upload(images.device, matrices.Count, 2, 3);
        return points.expand(matrices.Count, height * width, 3).bmm(theta.transpose(1, 2)).view(matrices.Count, height, width, 2);
    }
}
