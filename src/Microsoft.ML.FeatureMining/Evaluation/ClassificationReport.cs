namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>What a classifier got right and wrong on labeled rows. Averages over classes are those of scikit-learn's <c>classification_report(zero_division=0)</c>.</summary>
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

    /// <summary>Rows that were not counted: they have no label.</summary>
    public int Unlabeled { get; internal init; }

    /// <summary>Rows that were not counted: their image could not be read, and the model skips unreadable images.</summary>
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

    /// <inheritdoc cref="ConfusedPair.Most"/>
    public IReadOnlyList<ConfusedPair> MostConfused(int most) =>
        ConfusedPair.Most([.. Classes.Select(entry => entry.Name)], (actual, predicted) => _confusion[actual, predicted], most);

    private double Macro(Func<ClassMetrics, double?> measure) => Classes.Where(entry => entry.Rows + entry.Predicted > 0).Select(entry => measure(entry) ?? 0).DefaultIfEmpty().Average();
}

/// <summary>How well one class is told from the others.</summary>
/// <param name="Name">The class.</param>
/// <param name="Rows">Rows of this class.</param>
/// <param name="Predicted">Rows taken for this class.</param>
/// <param name="Correct">Rows of this class that were taken for it.</param>
public sealed record ClassMetrics(string Name, int Rows, int Predicted, int Correct)
{
    /// <summary>Correct / Predicted, in [0, 1]; null where nothing was taken for this class.</summary>
    public double? Precision => MetricMath.Ratio(Correct, Predicted);

    /// <summary>Correct / Rows, in [0, 1]; null where the class has no rows.</summary>
    public double? Recall => MetricMath.Ratio(Correct, Rows);

    /// <summary>The harmonic mean of the two, 2 Correct / (Rows + Predicted); null where there is neither a row nor a prediction.</summary>
    public double? F1 => MetricMath.Ratio(2 * Correct, Rows + Predicted);
}

/// <summary>Rows of one class that were taken for another.</summary>
/// <param name="Actual">The class that they are of.</param>
/// <param name="Predicted">The class that they were taken for.</param>
/// <param name="Count">How many.</param>
/// <param name="Share">Their share of the class's rows, in (0, 1].</param>
public sealed record ConfusedPair(string Actual, string Predicted, int Count, double Share)
{
    /// <summary>The pairs of classes that are confused most often, the most often first; of equal counts, the larger share of the actual class first.</summary>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="count">
    /// count(actual, predicted) says how many rows of one class were taken for the other, both from 0. For ML.NET's ConfusionMatrix: <c>(actual, predicted) =>
    /// matrix.Counts[actual][predicted]</c>.
    /// </param>
    /// <param name="most">How many pairs at most.</param>
    public static IReadOnlyList<ConfusedPair> Most(IReadOnlyList<string> classNames, Func<int, int, double> count, int most)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        ArgumentNullException.ThrowIfNull(count);
        IEnumerable<int> classes = Enumerable.Range(0, classNames.Count);
        IEnumerable<ConfusedPair> pairs = from actual in classes
                                          let rows = classes.Sum(predicted => count(actual, predicted))
                                          from predicted in classes
                                          let confused = count(actual, predicted)
                                          where actual != predicted && confused > 0
                                          select new ConfusedPair(classNames[actual], classNames[predicted], (int)confused, confused / rows);
        return [.. pairs.OrderByDescending(pair => pair.Count).ThenByDescending(pair => pair.Share).Take(most)];
    }
}

/// <summary>A row and the class that a network is most wrong about in it.</summary>
/// <param name="Row">From 0.</param>
/// <param name="Class">From 0.</param>
/// <param name="Has">Whether the row has the class.</param>
/// <param name="Probability">That it has, as the network says.</param>
internal sealed record LabelError(long Row, int Class, bool Has, double Probability)
{
    /// <summary>The binary cross entropy of the class.</summary>
    public double Loss => MetricMath.LogLoss(Has ? Probability : 1 - Probability);
}

/// <summary>One row and what was made of it.</summary>
/// <param name="Row">The row, from 0.</param>
/// <param name="File">The image's file, if the row names one.</param>
/// <param name="Actual">Its class, from 0.</param>
/// <param name="Predicted">The most probable class, from 0.</param>
/// <param name="Probability">The predicted class's probability.</param>
/// <param name="ActualProbability">Its own class's probability.</param>
public sealed record ScoredImage(long Row, string? File, int Actual, int Predicted, double Probability, double ActualProbability)
{
    /// <summary>The cross entropy, -ln of the actual class's probability.</summary>
    public double Loss => MetricMath.LogLoss(ActualProbability);
}

/// <summary>Whether a probability means what it says (Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2).</summary>
public sealed class Calibration
{
    internal Calibration(IReadOnlyList<CalibrationBin> bins) => Bins = bins;

    /// <summary>15 bins of equal width over (0, 1]: a reliability diagram.</summary>
    public IReadOnlyList<CalibrationBin> Bins { get; }

    /// <summary>ECE, equation 3: the mean over all rows of |accuracy - confidence| of the row's bin, in [0, 1]; 0 where there are no rows.</summary>
    public double ExpectedError => Bins.Sum(bin => bin.Count) is > 0 and int rows ? Bins.Sum(bin => bin.Count * Gap(bin)) / rows : 0;

    /// <summary>MCE, equation 5: the largest |accuracy - confidence| of a bin with rows, in [0, 1].</summary>
    public double MaximumError => Bins.Where(bin => bin.Count > 0).Select(Gap).DefaultIfEmpty().Max();

    private static double Gap(CalibrationBin bin) => Math.Abs(bin.Accuracy - bin.Confidence);
}

/// <summary>Rows whose predicted class has a probability in (From, To].</summary>
/// <param name="From">The lower end.</param>
/// <param name="To">The upper end.</param>
/// <param name="Count">How many rows.</param>
/// <param name="Confidence">The mean of those probabilities; 0 where there are no rows.</param>
/// <param name="Accuracy">The share of rows whose predicted class is theirs; 0 where there are no rows.</param>
public sealed record CalibrationBin(double From, double To, int Count, double Confidence, double Accuracy);

/// <summary>Gathers a reliability diagram, row by row.</summary>
internal sealed class CalibrationCounter
{
    private const int BinCount = 15;

    private readonly (int Count, double Confidence, int Correct)[] _bins = new (int, double, int)[BinCount];

    public void Add(double probability, bool isCorrect)
    {
        ref (int Count, double Confidence, int Correct) bin = ref _bins[Math.Clamp((int)Math.Ceiling(probability * BinCount) - 1, 0, BinCount - 1)];
        bin = (bin.Count + 1, bin.Confidence + probability, bin.Correct + (isCorrect ? 1 : 0));
    }

    public Calibration Read() => new([.. _bins.Select((bin, i) => new CalibrationBin(
        (double)i / BinCount, (i + 1.0) / BinCount, bin.Count, bin.Count == 0 ? 0 : bin.Confidence / bin.Count, bin.Count == 0 ? 0 : (double)bin.Correct / bin.Count))]);
}

/// <summary>Gathers a report, row by row; keeps only counts, and the worst rows.</summary>
/// <param name="classNames">The classes in the order of the probabilities.</param>
/// <param name="worst">How many of the worst rows to keep.</param>
internal sealed class ReportBuilder(IReadOnlyList<string> classNames, int worst)
{
    private readonly int[,] _confusion = new int[classNames.Count, classNames.Count];
    private readonly long[] _ranks = new long[classNames.Count];
    private readonly CalibrationCounter _calibration = new();
    private readonly WorstRows<ScoredImage> _worst = new(worst);
    private double _loss;
    private int _rows;
    private int _unlabeled;
    private int _unreadable;

    /// <param name="row">From 0.</param>
    /// <param name="file">Null where it is not known.</param>
    /// <param name="actual">The class, from 0; null where the row has no label.</param>
    /// <param name="probabilities">Of all classes; NaN if the image could not be read.</param>
    public void Add(long row, string? file, int? actual, ReadOnlySpan<float> probabilities)
    {
        if (float.IsNaN(probabilities[0]))
        {
            _unreadable++;
            return;
        }

        if (actual is not { } label)
        {
            _unlabeled++;
            return;
        }

        int predicted = Largest(probabilities);
        ScoredImage image = new(row, file, label, predicted, probabilities[predicted], probabilities[label]);
        _rows++;
        _loss += image.Loss;
        _confusion[label, predicted]++;
        _ranks[Rank(probabilities, label)]++;
        _calibration.Add(image.Probability, label == predicted);
        _worst.Add(image, image.Loss, row);
    }

    public ClassificationReport Build() => new(classNames, _confusion, _ranks)
    {
        Unlabeled = _unlabeled,
        Unreadable = _unreadable,
        LogLoss = _rows == 0 ? 0 : _loss / _rows,
        Calibration = _calibration.Read(),
        Worst = _worst.Read(),
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
