using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Sums loss and hits on the device; only reading waits for it.</summary>
internal sealed class RunningMetrics : IDisposable
{
    private readonly Tensor _sums;      // [2]: loss, hits

    /// <summary>Begins at nothing, or where another one was.</summary>
    public RunningMetrics(Device device, MetricSums sums = default)
    {
        using DisposeScope scope = NewDisposeScope();
        _sums = tensor(new[] { sums.Loss, sums.Hits }, dtype: ScalarType.Float64, device: device).DetachFromDisposeScope();
        Images = sums.Images;
    }

    public long Images { get; private set; }

    /// <param name="sums">Of one batch, from <see cref="BatchSums"/>.</param>
    /// <param name="images">How many images it had.</param>
    public void Add(Tensor sums, int images)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        _sums.Add_(sums);
        Images += images;
    }

    public MetricSums Sums
    {
        get
        {
            using DisposeScope scope = NewDisposeScope();
            double[] sums = _sums.cpu().data<double>().ToArray();
            return new MetricSums(sums[0], sums[1], Images);
        }
    }

    /// <summary>Mean loss and share of hits over all that was added.</summary>
    public (double Loss, double Accuracy) Read() => Sums is var sums ? (sums.Loss / sums.Images, sums.Hits / sums.Images) : default;

    public void Dispose() => _sums.Dispose();
}
