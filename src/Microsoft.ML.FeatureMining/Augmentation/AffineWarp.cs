using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Shears, shifts and turns whole batches, one matrix an image. Row by row a matrix [a b c; d e f] says where the pixel (x, y) of the result comes from:
/// (a x + b y + c, d x + e y + f), in pixels from the image's centre. What comes from outside is filled.
/// </summary>
internal static class AffineWarp
{
    public static float[] Rotation(double degrees)
    {
        (double sine, double cosine) = Math.SinCos(-degrees * Math.PI / 180);
        return [(float)cosine, (float)sine, 0, (float)-sine, (float)cosine, 0];
    }

    /// <summary>About the upper left corner, as AutoAugment's authors shear.</summary>
    public static float[] ShearX(double slope, int height) => [1, (float)slope, (float)(slope * height / 2), 0, 1, 0];

    /// <summary>About the upper left corner, as AutoAugment's authors shear.</summary>
    public static float[] ShearY(double slope, int width) => [1, 0, 0, (float)slope, 1, (float)(slope * width / 2)];

    public static float[] Translation(int right, int down) => [1, 0, -right, 0, 1, -down];

    /// <param name="images">[N,C,H,W], bytes or floats.</param>
    /// <param name="matrices">Six numbers for each image.</param>
    /// <param name="interpolation">How pixels between pixels are read.</param>
    /// <param name="fill">The value outside the image.</param>
    public static Tensor Apply(Tensor images, IReadOnlyList<float[]> matrices, Interpolation interpolation, double fill)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor pixels = images.to(ScalarType.Float32).Sub(fill);                                     // zeros beyond the edges are the fill
        Tensor warped = nn.functional.grid_sample(pixels, Grid(images, matrices), interpolation == Interpolation.Nearest ? GridSampleMode.Nearest : GridSampleMode.Bilinear,
            GridSamplePaddingMode.Zeros, align_corners: false).Add(fill);
        return (images.dtype == ScalarType.Byte ? warped.round().to(ScalarType.Byte) : warped).MoveToOuterDisposeScope();
    }

    /// <summary>Where each pixel comes from, [N,H,W,2], with the image from -1 to 1.</summary>
    private static Tensor Grid(Tensor images, IReadOnlyList<float[]> matrices)
    {
        long[] shape = images.shape;
        (long height, long width) = (shape[2], shape[3]);
        Tensor x = TensorMath.Arange(width, ScalarType.Float32, images.device).Sub((width - 1) / 2.0).view(1, width).expand(height, width);
        Tensor y = TensorMath.Arange(height, ScalarType.Float32, images.device).Sub((height - 1) / 2.0).view(height, 1).expand(height, width);
        Tensor points = stack([x, y, ones_like(x)], -1).view(1, height * width, 3);
        float[] scaled = [.. matrices.SelectMany(matrix => matrix.Select((value, i) => value / (0.5f * (i < 3 ? width : height))))];
        Tensor theta = tensor(scaled, [matrices.Count, 2, 3], device: images.device);
        return points.expand(matrices.Count, height * width, 3).bmm(theta.transpose(1, 2)).view(matrices.Count, height, width, 2);
    }
}
