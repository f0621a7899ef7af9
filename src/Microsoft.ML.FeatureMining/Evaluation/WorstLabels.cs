namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Gathers the rows with the largest binary cross entropy of a class; keeps nothing of the others.</summary>
/// <param name="most">How many.</param>
internal sealed class WorstLabels(int most)
{
    private readonly PriorityQueue<LabelError, (double Loss, long Age)> _worst = new();

    /// <param name="row">From 0.</param>
    /// <param name="actual">1 for each class that the row has; null where it has no label.</param>
    /// <param name="scores">Each class's probability; no numbers where the picture could not be read.</param>
    public void Add(long row, IReadOnlyList<float>? actual, IReadOnlyList<float> scores)
    {
        if (actual is null || scores.Any(float.IsNaN))
        {
            return;
        }

        LabelError worst = Enumerable.Range(0, scores.Count).Select(k => new LabelError(row, k, actual[k] > 0, scores[k])).MaxBy(error => error.Loss)!;
        _worst.Enqueue(worst, (worst.Loss, -row));
        if (_worst.Count > most)
        {
            _worst.Dequeue();
        }
    }

    /// <summary>The worst first.</summary>
    public IReadOnlyList<LabelError> Read() => [.. _worst.UnorderedItems.OrderByDescending(entry => entry.Priority).Select(entry => entry.Element)];
}
