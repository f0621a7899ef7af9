namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>What a classifier got right and wrong on labelled rows. Averages over classes are those of scikit-learn's <c>classification_report(zero_division=0)</c>.</summary>
public sealed class ClassificationReport
{
    private readonly int[,] _confusion;
    private readonly long[] _ranks;

    internal ClassificationReport(IReadOnlyList<string> classNames, int[,] confusion, long[] ranks)
    {
        (_confusion, _ranks) = (confusion, ranks);
        int classes = classNames.Count;
        Classes = [.. classNames.Select((name, k) => new ClassMetrics(
            name, Enumerable.Range(0, classes).Sum(other => confusion[k, other]), Enumerable.Range(0, classes).Sum(other => confusion[other, k]), confusion[k, k]))];
    }

    /// <summary>Rows that were counted.</summary>
    public int Rows => Classes.Sum(entry => entry.Rows);

    /// <summary>Rows that were not: they have no label.</summary>
    public int Unlabelled { get; internal init; }

    /// <summary>Rows that were not: their picture could not be read, and the model skips such.</summary>
    public int Unreadable { get; internal init; }

    /// <summary>Each class, in the order of the scores.</summary>
    public IReadOnlyList<ClassMetrics> Classes { get; }

    /// <summary>The share of rows whose most probable class is theirs, in [0, 1]; 0 where there are no rows.</summary>
    public double Accuracy => TopKAccuracy(1);

    /// <summary>The mean cross entropy, -ln of the actual class's probability; 0 where there are no rows.</summary>
    public double LogLoss { get; internal init; }

    /// <summary>The mean precision of the classes that have rows or predictions, each counting the same.</summary>
    public double MacroPrecision => Macro(entry => entry.Precision);

    /// <summary>The mean recall of the same classes.</summary>
    public double MacroRecall => Macro(entry => entry.Recall);

    /// <summary>The mean F1 of the same classes.</summary>
    public double MacroF1 => Macro(entry => entry.F1);

    /// <summary>The mean F1 of the classes, each counting as often as it has rows.</summary>
    public double WeightedF1 => Rows == 0 ? 0 : Classes.Sum(entry => entry.Rows * (entry.F1 ?? 0)) / Rows;

    /// <summary>Whether probabilities mean what they say.</summary>
    public Calibration Calibration { get; internal init; } = new([]);

    /// <summary>The rows of the highest loss, the highest first.</summary>
    public IReadOnlyList<ScoredImage> Worst { get; internal init; } = [];

    /// <summary>How many rows of the class <paramref name="actual"/> were taken for the class <paramref name="predicted"/>, both from 0.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such class.</exception>
    public int Count(int actual, int predicted) => _confusion[actual, predicted];

    /// <summary>The share of rows whose class is among the k most probable, in [0, 1]; of classes of the same probability the first counts as more probable.</summary>
    public double TopKAccuracy(int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        return Rows == 0 ? 0 : (double)_ranks.Take(k).Sum() / Rows;
    }

    /// <summary>The pairs of classes that are mixed up most often, the most often first; of the same number, the larger share of the class first.</summary>
    /// <param name="most">How many at most.</param>
    public IReadOnlyList<ConfusedPair> MostConfused(int most)
    {
        IEnumerable<ConfusedPair> pairs = from actual in Enumerable.Range(0, Classes.Count)
                                          from predicted in Enumerable.Range(0, Classes.Count)
                                          let count = _confusion[actual, predicted]
                                          where actual != predicted && count > 0
                                          select new ConfusedPair(Classes[actual].Name, Classes[predicted].Name, count, (double)count / Classes[actual].Rows);
        return [.. pairs.OrderByDescending(pair => pair.Count).ThenByDescending(pair => pair.Share).Take(most)];
    }

    private double Macro(Func<ClassMetrics, double?> measure) => Classes.Where(entry => entry.Rows + entry.Predicted > 0).Select(entry => measure(entry) ?? 0).DefaultIfEmpty().Average();
}
