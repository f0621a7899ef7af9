using Microsoft.ML.FeatureMining.Native;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Changes of colour and tone of whole batches [N,C,H,W], one strength an image. Bytes stay bytes, cut to whole numbers as torchvision cuts them; floats stay floats and
/// are taken to lie between 0 and 255. Where an operation needs colours and there are not three channels, it uses the channels as they are.
/// </summary>
internal static class PixelOperations
{
    private const int White = 255;

    public static Tensor Brightness(Tensor images, IReadOnlyList<double> factors) => Blend(images, zeros_like(images), factors);

    /// <summary>Towards, or away from, the mean gray of the image.</summary>
    public static Tensor Contrast(Tensor images, IReadOnlyList<double> factors) =>
        Blend(images, (images.shape[1] == 3 ? Gray(images) : images).to(ScalarType.Float32).mean(new long[] { 1, 2, 3 }, keepdim: true), factors);

    /// <summary>Towards, or away from, the gray image.</summary>
    public static Tensor Saturation(Tensor images, IReadOnlyList<double> factors) => images.shape[1] == 3 ? Blend(images, Gray(images), factors) : images;

    /// <summary>Towards, or away from, the image smoothed by [1,1,1; 1,5,1; 1,1,1] / 13; the outermost pixels stay.</summary>
    public static Tensor Sharpness(Tensor images, IReadOnlyList<double> factors)
    {
        long[] shape = images.shape;
        if (shape[2] <= 2 || shape[3] <= 2)
        {
            return images;
        }

        Tensor kernel = tensor(new float[] { 1, 1, 1, 1, 5, 1, 1, 1, 1 }, [1, 1, 3, 3], device: images.device).Div_(13).repeat(shape[1], 1, 1, 1);
        Tensor smooth = nn.functional.conv2d(images.to(ScalarType.Float32), kernel, groups: shape[1]);   // [N,C,H-2,W-2]
        Tensor smoothed = images.clone();
        smoothed.narrow(2, 1, shape[2] - 2).narrow(3, 1, shape[3] - 2).copy_(images.dtype == ScalarType.Byte ? smooth.round() : smooth);
        return Blend(images, smoothed, factors);
    }

    /// <summary>Turns the hue by a share of the whole circle.</summary>
    public static Tensor Hue(Tensor images, IReadOnlyList<double> turns)
    {
        if (images.shape[1] != 3)
        {
            return images;
        }

        Tensor unit = images.to(ScalarType.Float32).Div(White);
        Tensor largest = unit.amax(1);                                                              // [N,H,W]
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
        Tensor mask = tensor(kept, device: images.device).view(-1, 1, 1, 1);
        return images.Clamp(0, White).to(ScalarType.Byte).bitwise_and(mask).to(images.dtype);
    }

    /// <summary>Inverts the values from a threshold on.</summary>
    public static Tensor Solarize(Tensor images, IReadOnlyList<double> thresholds) =>
        where(images.ge(PerImage(thresholds, images.device)), Invert(images), images);

    public static Tensor Invert(Tensor images) => images.Rsub(White);

    /// <summary>Stretches each channel to the whole range.</summary>
    public static Tensor AutoContrast(Tensor images)
    {
        Tensor low = images.amin(2, 3).to(ScalarType.Float32).unsqueeze(2).unsqueeze(3);               // [N,C,1,1]
        Tensor high = images.amax(2, 3).to(ScalarType.Float32).unsqueeze(2).unsqueeze(3);
        Tensor flat = high.eq(low);
        Tensor scale = where(flat, ones_like(low), (high - low).reciprocal().Mul(White));
        return ((images - low.MaskedFill(flat, 0)) * scale).Clamp(0, White).to(images.dtype);
    }

    /// <summary>Evens out the histogram of each channel, as Pillow does: 256 bins, whole numbers.</summary>
    public static Tensor Equalize(Tensor images)
    {
        long[] shape = images.shape;
        Tensor values = images.Clamp(0, White).to(ScalarType.Int64).reshape(shape[0] * shape[1], shape[2] * shape[3]);   // [N*C,H*W]
        Tensor counts = zeros([values.shape[0], 256], ScalarType.Int64, images.device).scatter_add_(1, values, ones_like(values));
        Tensor ofBrightest = counts.gather(1, values.amax(1).unsqueeze(1));                          // [N*C,1]
        Tensor step = ofBrightest.Rsub(shape[2] * shape[3]).Div(255, RoundingMode.floor);
        Tensor below = (counts.cumsum(1) - counts).Add(step.Div(2, RoundingMode.floor));
        Tensor table = below.div(step.ClampMin(1), RoundingMode.floor).Clamp(0, White);
        return where(step.Eq(0), values, table.gather(1, values)).view(shape).to(images.dtype);
    }

    /// <summary>factor * images + (1 - factor) * other, within the range.</summary>
    private static Tensor Blend(Tensor images, Tensor other, IReadOnlyList<double> factors)
    {
        Tensor blended = (images * PerImage(factors, images.device)).Add(other * PerImage([.. factors.Select(factor => 1 - factor)], images.device));
        return blended.Clamp(0, White).to(images.dtype);
    }

    private static Tensor Gray(Tensor images)
    {
        Tensor[] rgb = images.to(ScalarType.Float32).split(1, 1);                                   // 3 x [N,1,H,W]
        return rgb[0].Mul(0.2989).Add(rgb[1].Mul(0.587)).Add(rgb[2].Mul(0.114)).to(images.dtype);
    }

    /// <summary>In [0, 1) of the circle: red 0, green 1/3, blue 2/3; 0 for grays.</summary>
    private static Tensor HueOf(Tensor unit, Tensor largest, Tensor spread)
    {
        Tensor[] rgb = unit.unbind(1);
        Tensor divisor = where(spread.Eq(0), ones_like(spread), spread);
        Tensor green = rgb[1].eq(largest).logical_and(rgb[0].ne(largest));
        Tensor sixths = where(rgb[0].eq(largest), (rgb[1] - rgb[2]) / divisor, where(green, ((rgb[2] - rgb[0]) / divisor).Add(2), ((rgb[0] - rgb[1]) / divisor).Add(4)));
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
        return stack(channels, 1);                                                                  // [N,3,H,W]
    }

    private static Tensor PerImage(IReadOnlyList<double> values, Device device) => tensor(values.Select(value => (float)value).ToArray(), device: device).view(-1, 1, 1, 1);
}
