using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Labels;

/// <summary>
/// Decides row by row which are held out, the same share of each class (selection sampling, Knuth 3.4.2 S): a row is taken with the probability that
/// makes the count come out, so that nothing has to be kept to choose from.
/// </summary>
internal sealed class StratifiedSplit(IReadOnlyList<int> rowsPerClass, double fraction, RandomStream random)
{
    private readonly int[] _left = [.. rowsPerClass];

    // At least one row of each class stays in training.
    private readonly int[] _wanted = [.. rowsPerClass.Select(rows => Math.Min((int)Math.Round(rows * fraction), Math.Max(0, rows - 1)))];

    public bool TakesNext(int label)
    {
        bool takes = random.NextInt(_left[label]--) < _wanted[label];
        if (takes)
            _wanted[label]--;
        return takes;
    }
}
