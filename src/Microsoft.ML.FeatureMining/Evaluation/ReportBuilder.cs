namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Gathers a report, row by row; keeps nothing of a row but of the worst.</summary>
/// <param name="classNames">The classes in the order of the probabilities.</param>
/// <param name="worst">How many of the worst rows to keep.</param>
internal sealed class ReportBuilder(IReadOnlyList<string> classNames, int worst)
{
    private readonly int[,] _confusion = new int[classNames.Count, classNames.Count];
    private readonly long[] _ranks = new long[classNames.Count];
    private readonly CalibrationCounter _calibration = new();
    private readonly PriorityQueue<ScoredImage, (double Loss, long Age)> _worst = new();
    private double _loss;
    private int _rows;
    private int _unlabelled;
    private int _unreadable;

    /// <param name="row">From 0.</param>
    /// <param name="file">Null where it is not known.</param>
    /// <param name="actual">The class, from 0; null where the row has no label.</param>
    /// <param name="probabilities">Of all classes; no numbers where the picture could not be read.</param>
    public void Add(long row, string? file, int? actual, ReadOnlySpan<float> probabilities)
    {
        if (float.IsNaN(probabilities[0]))
        {
            _unreadable++;
            return;
        }

        if (actual is not { } label)
        {
            _unlabelled++;
            return;
        }

        int predicted = Largest(probabilities);
        ScoredImage image = new(row, file, label, predicted, probabilities[predicted], probabilities[label]);
        _rows++;
        _loss += image.Loss;
        _confusion[label, predicted]++;
        _ranks[Rank(probabilities, label)]++;
        _calibration.Add(image.Probability, label == predicted);
        _worst.Enqueue(image, (image.Loss, -row));
        if (_worst.Count > worst)
        {
            _worst.Dequeue();
        }
    }

    public ClassificationReport Build() => new(classNames, _confusion, _ranks)
    {
        Unlabelled = _unlabelled,
        Unreadable = _unreadable,
        LogLoss = _rows == 0 ? 0 : _loss / _rows,
        Calibration = _calibration.Read(),
        Worst = [.. _worst.UnorderedItems.OrderByDescending(entry => entry.Priority).Select(entry => entry.Element)],
    };

    private static int Largest(ReadOnlySpan<float> values)
    {
        int largest = 0;
        for (int i = 1; i < values.Length; i++)
        {
            largest = values[i] > values[largest] ? i : largest;
        }

        return largest;
    }

    // How many classes come before the one asked for.
    private static int Rank(ReadOnlySpan<float> values, int index)
    {
        int before = 0;
        for (int i = 0; i < values.Length; i++)
        {
            before += values[i] > values[index] || (values[i] == values[index] && i < index) ? 1 : 0;
        }

        return before;
    }
}
