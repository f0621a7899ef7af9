using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Remembers the losses of the last steps on the device, so that one look every few steps finds the step that went wrong.</summary>
internal sealed class LossWatch : IDisposable
{
    private readonly List<Tensor> _losses = [];

    /// <param name="sums">Of one batch, from <see cref="BatchSums"/>; taken over.</param>
    public void Add(Tensor sums) => _losses.Add(sums.DetachFromDisposeScope());

    /// <summary>How many steps ago the loss first was infinite or no number (1: in the last step); null where all are finite. Forgets them.</summary>
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
