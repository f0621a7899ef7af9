using Microsoft.ML.FeatureMining.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Moves raw pixels to a device.</summary>
internal static class DeviceBatches
{
    /// <summary>Raw images [N,C,H,W] as bytes or floats, whichever the set has. <paramref name="pixels"/> may be longer than <paramref name="count"/> images.</summary>
    public static Tensor Upload(ReadOnlySpan<byte> pixels, int count, ImageShape shape, PixelType element, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        int bytes = checked(count * ImageSet.ImageBytes(shape, element));
        long[] size = [count, shape.Channels, shape.Height, shape.Width];
        Tensor host = empty(size, dtype: element == PixelType.Byte ? ScalarType.Byte : ScalarType.Float32, device: CPU);
        pixels[..bytes].CopyTo(host.bytes);
        return host.to(device).MoveToOuterDisposeScope();
    }
}
