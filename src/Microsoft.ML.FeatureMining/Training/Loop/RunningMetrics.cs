using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>Sums loss and hits on the device. Only reading the sums waits for the device.</summary>
internal sealed class RunningMetrics : IDisposable
{
    private readonly Tensor _sums; // [2]: loss, hits

    /// <summary>Starts at zero, or at the sums of a resumed run.</summary>
    public RunningMetrics(Device device, MetricSums sums = default)
    {
        using DisposeScope scope = NewDisposeScope();
        _sums = new[] { sums.Loss, sums.Hits }.Upload(device).DetachFromDisposeScope();
        Images = sums.Images;
    }

    public long Images { get; private set; }

    /// <param name="sums">The sums of one batch, from <see cref="BatchSums"/>.</param>
    /// <param name="images">The number of images in the batch.</param>
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

    /// <summary>The mean loss and the accuracy over all added batches.</summary>
    public (double Loss, double Accuracy) Read() => Sums is var sums ? (sums.Loss / sums.Images, sums.Hits / sums.Images) : default;

    public void Dispose() => _sums.Dispose();
}

/// <summary>Computes the sums of one batch, on the device.</summary>
internal static class BatchSums
{
    /// <summary>[2]: the loss summed over the images, and the number of hits.</summary>
    /// <param name="loss">The batch's mean loss.</param>
    /// <param name="logits">[N,K].</param>
    /// <param name="targets">[N,K].</param>
    /// <param name="areSets">Whether targets are sets of classes. Without sets, an image is a hit if the largest logit and the largest target are at the same
    /// class. With sets, it counts as its Jaccard index: the number of classes that are both in the target and predicted (logit above 0), divided by the number
    /// of classes that are in either.
    /// </param>
    public static Tensor Of(Tensor loss, Tensor logits, Tensor targets, bool areSets)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor hits = (areSets ? Jaccard(logits.Gt(0), targets.Gt(0)) : logits.argmax(1).eq(targets.argmax(1))).sum().to(ScalarType.Float64);
        return stack([loss.detach().to(ScalarType.Float64).Mul(logits.shape[0]), hits]).MoveToOuterDisposeScope();
    }

    // [N]; 1 for two empty sets.
    private static Tensor Jaccard(Tensor predicted, Tensor actual)
    {
        Tensor either = predicted.logical_or(actual).sum(1);
        return predicted.logical_and(actual).sum(1).Add(either.Eq(0)) / either.ClampMin(1);
    }
}

/// <summary>Sums over a number of images.</summary>
internal readonly record struct MetricSums(double Loss, double Hits, long Images);

/// <summary>Keeps the losses of the last steps on the device, so that one check every few steps finds the step that diverged.</summary>
internal sealed class LossWatch : IDisposable
{
    private readonly List<Tensor> _losses = [];

    /// <param name="sums">The sums of one batch, from <see cref="BatchSums"/>; this object disposes them.</param>
    public void Add(Tensor sums) => _losses.Add(sums.DetachFromDisposeScope());

    /// <summary>
    /// The number of steps since the loss first became NaN or infinite (1: in the last step); null if all losses are finite. Clears the losses.
    /// </summary>
    public int? FirstDiverged()
    {
        if (_losses.Count == 0)
        {
            return null;
        }

        using DisposeScope scope = NewDisposeScope();
        double[] losses = stack([.. _losses.Select(sums => sums[0])]).cpu().data<double>().ToArray();
        Dispose();
        int index = Array.FindIndex(losses, loss => !double.IsFinite(loss));
        return index < 0 ? null : losses.Length - index;
    }

    public void Dispose()
    {
        _losses.ForEach(loss => loss.Dispose());
        _losses.Clear();
    }
}
