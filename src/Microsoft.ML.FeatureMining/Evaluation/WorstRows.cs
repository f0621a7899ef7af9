namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Collects the items with the largest loss.</summary>
/// <param name="most">The number of items to store.</param>
internal sealed class WorstRows<T>(int most)
{
    private readonly PriorityQueue<T, (double Loss, long Age)> _worst = new();

    /// <param name="item">The item.</param>
    /// <param name="loss">Its loss.</param>
    /// <param name="row">The row; with equal losses, the first row is kept.</param>
    public void Add(T item, double loss, long row)
    {
        _worst.Enqueue(item, (loss, -row));
        if (_worst.Count > most)
        {
            _worst.Dequeue();
        }
    }

    /// <summary>The items, the largest loss first.</summary>
    public IReadOnlyList<T> Read() => [.. _worst.UnorderedItems.OrderByDescending(entry => entry.Priority).Select(entry => entry.Element)];
}

/// <summary>Formulas that several metrics use.</summary>
internal static class MetricMath
{
    // Lower bound of a probability, as in ML.NET's log-loss.
    private const double LeastProbability = 1e-15;

    /// <summary>-ln p.</summary>
    public static double LogLoss(double probability) => -Math.Log(Math.Max(probability, LeastProbability));

    /// <summary>part / whole; null if the whole is 0.</summary>
    public static double? Ratio(int part, int whole) => whole == 0 ? null : (double)part / whole;
}
