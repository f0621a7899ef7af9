using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>
/// Bilinear resizing of a batch on its device, with antialiasing when it shrinks: PyTorch's <c>interpolate(mode="bilinear", antialias=True)</c>, which
/// TorchSharp does not have. Each axis is one matrix product.
/// </summary>
internal static class AntialiasedResize
{
    /// <summary>From floats [N,C,H,W] to [N,C,height,width], channels_last.</summary>
    public static Tensor Apply(Tensor images, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor columns = Weights((int)images.shape[3], width, images.device); // [width,W]
        Tensor rows = Weights((int)images.shape[2], height, images.device); // [height,H]
        (long planes, long from) = (images.shape[0] * images.shape[1], images.shape[2]);
        Tensor narrowed = images.reshape(planes * from, images.shape[3]).mm(columns.t()).reshape(planes, from, width);
        Tensor resized = rows.expand(planes, height, from).bmm(narrowed); // [NC,height,width]
        return ChannelsLast.Of(resized.reshape(images.shape[0], images.shape[1], height, width)).MoveToOuterDisposeScope();
    }

    private static Tensor Weights(int from, int to, Device device)
    {
        ResampleWeights weights = new(from, from, ResizeWindow.Whole(to), ResizeFilter.Bilinear);
        float[] matrix = new float[to * from];
        for (int target = 0; target < to; target++)
        {
            ReadOnlySpan<int> taps = weights.Taps(target);
            for (int i = 0; i < taps.Length; i++)
            {
                matrix[(target * from) + weights.First(target) + i] = (float)(taps[i] / (2.0 * ResampleWeights.Half));
            }
        }

        return matrix.Upload(device, to, from);
    }
}
