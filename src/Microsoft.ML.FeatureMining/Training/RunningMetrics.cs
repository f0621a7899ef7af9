using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Sums loss and hits on the device; only <see cref="Read"/> waits for it.</summary>
internal sealed class RunningMetrics : IDisposable
{
    private readonly Tensor _sums;      // [2]: loss, hits
    private long _images;

    public RunningMetrics(Device device) => _sums = zeros([2], dtype: ScalarType.Float64, device: device).DetachFromDisposeScope();

    public long Images => _images;

    /// <param name="loss">The batch's mean loss.</param>
    /// <param name="logits">[N,K].</param>
    /// <param name="targets">[N,K]; a hit is where both have their largest entry at the same class.</param>
    public void Add(Tensor loss, Tensor logits, Tensor targets)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long count = logits.shape[0];
        Tensor hits = logits.argmax(1).eq(targets.argmax(1)).sum().to(ScalarType.Float64);
        _sums.add_(stack([loss.detach().to(ScalarType.Float64) * count, hits]));
        _images += count;
    }

    /// <summary>Mean loss and share of hits over all that was added.</summary>
    public (double Loss, double Accuracy) Read()
    {
        using DisposeScope scope = NewDisposeScope();
        double[] sums = _sums.cpu().data<double>().ToArray();
        return (sums[0] / _images, sums[1] / _images);
    }

    public void Dispose() => _sums.Dispose();
}
