namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Keeps the items with the largest loss, and nothing of the others.</summary>
/// <param name="most">How many to keep.</param>
internal sealed class WorstRows<T>(int most)
{
    private readonly PriorityQueue<T, (double Loss, long Age)> _worst = new();

    /// <param name="item">The item.</param>
    /// <param name="loss">Its loss.</param>
    /// <param name="row">Of equal losses the smaller row is worse.</param>
    public void Add(T item, double loss, long row)
    {
        _worst.Enqueue(item, (loss, -row));
        if (_worst.Count > most)
        {
            _worst.Dequeue();
        }
    }

    /// <summary>The worst first.</summary>
    public IReadOnlyList<T> Read() => [.. _worst.UnorderedItems.OrderByDescending(entry => entry.Priority).Select(entry => entry.Element)];
}

/// <summary>Numbers that several metrics need.</summary>
internal static class MetricMath
{
    // ML.NET's log-loss replaces smaller probabilities by this one.
    private const double LeastProbability = 1e-15;

    /// <summary>-ln p.</summary>
    public static double LogLoss(double probability) => -Math.Log(Math.Max(probability, LeastProbability));

    /// <summary>part / whole; null where the whole is 0.</summary>
    public static double? Ratio(int part, int whole) => whole == 0 ? null : (double)part / whole;
}
