using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>(x - mean) / deviation a channel, in pixel units; the constants live on the device.</summary>
internal sealed class Normalization : IDisposable
{
    private readonly Tensor _mean;       // [1,C,1,1]
    private readonly Tensor _scale;      // [1,C,1,1]

    public Normalization(IReadOnlyList<float> mean, IReadOnlyList<float> deviation, Device device)
    {
        float[] scale = [.. deviation.Select(value => value > 0 ? 1 / value : 1)];
        _mean = Constants(mean, device);
        _scale = Constants(scale, device);
        Numbers = new PixelNumbers(mean, scale);
    }

    /// <summary>The same for bytes in memory, to the same bits.</summary>
    public PixelNumbers Numbers { get; }

    /// <summary>From raw images [N,C,H,W] to normalized floats of the same layout.</summary>
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

    private static Tensor Constants(IReadOnlyList<float> values, Device device)
    {
        // tensor() makes a flat one on the way, which goes with the scope.
        using DisposeScope scope = NewDisposeScope();
        return tensor(values.ToArray(), [1, values.Count, 1, 1], device: device).DetachFromDisposeScope();
    }
}
