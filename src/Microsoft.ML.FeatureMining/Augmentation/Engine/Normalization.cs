using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Pixels;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>Normalizes images, (x - mean) / std per channel in pixel units; the constants are on the device. A std of 0 counts as 1.</summary>
internal sealed class Normalization : IDisposable
{
    private readonly Tensor _mean; // [1,C,1,1]
    private readonly Tensor _scale; // [1,C,1,1]

    public Normalization(IReadOnlyList<float> mean, IReadOnlyList<float> std, Device device)
    {
        float[] scale = ChannelScale.Of(std);
        _mean = Constants(mean, device);
        _scale = Constants(scale, device);
        Bytes = new ByteNormalizer(mean, scale);
    }

    /// <summary>The same for bytes in memory, bit-identical.</summary>
    public ByteNormalizer Bytes { get; }

    /// <summary>From raw images [N,C,H,W] to normalized floats [N,C,H,W].</summary>
    public Tensor Apply(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return images.to(ScalarType.Float32).sub(_mean).mul_(_scale).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _mean.Dispose();
        _scale.Dispose();
    }

    private static Tensor Constants(IReadOnlyList<float> values, Device device) =>
        values.ToArray().Upload(device, 1, values.Count, 1, 1).DetachFromDisposeScope();
}
