using Microsoft.ML.FeatureMining.Native;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>The named addends of one step's loss, summed in the order in which they were added.</summary>
public sealed class LossLedger
{
    private readonly List<(string Name, Tensor Value, double Weight)> _entries = [];

    internal LossLedger()
    {
    }

    /// <summary>Adds <paramref name="weight"/> times a scalar.</summary>
    public void Add(string name, Tensor value, double weight = 1) => _entries.Add((name, value, weight));

    /// <summary>Name and unweighted value of each addend.</summary>
    public IEnumerable<(string Name, Tensor Value)> Entries => _entries.Select(entry => (entry.Name, entry.Value));

    internal Tensor Total()
    {
        Tensor Weighted((string Name, Tensor Value, double Weight) entry) => entry.Weight == 1 ? entry.Value : entry.Value.Mul(entry.Weight);
        return _entries.Skip(1).Aggregate(Weighted(_entries[0]), (sum, entry) => sum.Add(Weighted(entry)));
    }
}
