namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Metrics of a classifier on labeled rows. Averages over classes match scikit-learn's <c>classification_report(zero_division=0)</c>.</summary>
public sealed class ClassificationReport
{
    private readonly int[,] _confusion;
    private readonly long[] _ranks;

    internal ClassificationReport(IReadOnlyList<string> classNames, int[,] confusion, long[] ranks)
    {
        (_confusion, _ranks) = (confusion, ranks);
        int classes = classNames.Count;
        Classes =
        [
            .. classNames.Select(
                (name, k) =>
                    new ClassMetrics(
                        name,
                        Enumerable.Range(0, classes).Sum(other => confusion[k, other]),
                        Enumerable.Range(0, classes).Sum(other => confusion[other, k]),
                        confusion[k, k]
                    )
            ),
        ];
    }

    /// <summary>The number of rows with a label and a score.</summary>
    public int Rows => Classes.Sum(entry => entry.Rows);

    /// <summary>The number of skipped rows without a label.</summary>
    public int Unlabeled => Coverage.Unlabeled;

    /// <summary>The number of skipped rows with an unreadable image, if the model skips such rows.</summary>
    public int Unreadable => Coverage.Unreadable;

    /// <summary>How many of all rows were measured, and why others were left out.</summary>
    public RowCoverage Coverage { get; internal init; } = new(0, 0, 0, []);

    /// <summary>Metrics per class, in the order of the scores.</summary>
    public IReadOnlyList<ClassMetrics> Classes { get; }

    /// <summary>The fraction of rows that are classified correctly, in [0, 1]; 0 if there are no rows.</summary>
    public double Accuracy => TopKAccuracy(1);

    /// <summary>The mean cross entropy, -ln of the probability of the actual class; 0 if there are no rows.</summary>
    public double LogLoss { get; internal init; }

    /// <summary>The unweighted mean precision of the classes that have rows or predictions.</summary>
    public double MacroPrecision => Macro(entry => entry.Precision);

    /// <summary>The unweighted mean recall of the same classes.</summary>
    public double MacroRecall => Macro(entry => entry.Recall);

    /// <summary>The unweighted mean F1 of the same classes.</summary>
    public double MacroF1 => Macro(entry => entry.F1);

    /// <summary>The mean F1 of the classes, weighted by their number of rows.</summary>
    public double WeightedF1 => Rows == 0 ? 0 : Classes.Sum(entry => entry.Rows * (entry.F1 ?? 0)) / Rows;

    /// <summary>How well the predicted probabilities match the observed accuracy.</summary>
    public Calibration Calibration { get; internal init; } = new([]);

    /// <summary>The rows with the highest loss, in descending order.</summary>
    public IReadOnlyList<ScoredImage> Worst { get; internal init; } = [];

    /// <summary>
    /// An entry of the confusion matrix: the number of rows of class <paramref name="actual"/> that were predicted as class <paramref name="predicted"/>, both
    /// from 0.
    /// </summary>
    /// <exception cref="IndexOutOfRangeException">There is no such class.</exception>
    public int Count(int actual, int predicted) => _confusion[actual, predicted];

    /// <summary>
    /// The fraction of rows with the actual class among the k most probable, in [0, 1]. If probabilities are equal, the first class ranks higher.
    /// </summary>
    public double TopKAccuracy(int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        return Rows == 0 ? 0 : (double)_ranks.Take(k).Sum() / Rows;
    }

    /// <inheritdoc cref="ConfusedPair.Most"/>
    public IReadOnlyList<ConfusedPair> MostConfused(int most) =>
        ConfusedPair.Most([.. Classes.Select(entry => entry.Name)], (actual, predicted) => _confusion[actual, predicted], most);

    private double Macro(Func<ClassMetrics, double?> measure) =>
        Classes.Where(entry => entry.Rows + entry.Predicted > 0).Select(entry => measure(entry) ?? 0).DefaultIfEmpty().Average();
}

/// <summary>Metrics of one class against all others.</summary>
/// <param name="Name">The class.</param>
/// <param name="Rows">The number of rows of this class.</param>
/// <param name="Predicted">The number of rows predicted as this class.</param>
/// <param name="Correct">The number of rows of this class that were predicted correctly.</param>
public sealed record ClassMetrics(string Name, int Rows, int Predicted, int Correct)
{
    /// <summary>Correct / Predicted, in [0, 1]; null if no row was predicted as this class.</summary>
    public double? Precision => MetricMath.Ratio(Correct, Predicted);

    /// <summary>Correct / Rows, in [0, 1]; null if the class has no rows.</summary>
    public double? Recall => MetricMath.Ratio(Correct, Rows);

    /// <summary>The harmonic mean of precision and recall, 2 Correct / (Rows + Predicted), in [0, 1]; null if there are neither rows nor predictions.</summary>
    public double? F1 => MetricMath.Ratio(2 * Correct, Rows + Predicted);
}

/// <summary>Rows of one class that were predicted as another class.</summary>
/// <param name="Actual">The actual class.</param>
/// <param name="Predicted">The predicted class.</param>
/// <param name="Count">The number of such rows.</param>
/// <param name="Fraction">The fraction of the rows of the actual class, in (0, 1].</param>
public sealed record ConfusedPair(string Actual, string Predicted, int Count, double Fraction)
{
    /// <summary>The pairs of classes that are confused most often, sorted by count, then by fraction, in descending order.</summary>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="count">
    /// Returns the number of rows of class actual that were predicted as class predicted, both from 0. For ML.NET's ConfusionMatrix: <c>(actual, predicted) =>
    /// matrix.Counts[actual][predicted]</c>.
    /// </param>
    /// <param name="most">The maximum number of pairs.</param>
    public static IReadOnlyList<ConfusedPair> Most(IReadOnlyList<string> classNames, Func<int, int, double> count, int most)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        ArgumentNullException.ThrowIfNull(count);
        IEnumerable<int> classes = Enumerable.Range(0, classNames.Count);
        IEnumerable<ConfusedPair> pairs =
            from actual in classes
            let rows = classes.Sum(predicted => count(actual, predicted))
            from predicted in classes
            let confused = count(actual, predicted)
            where actual != predicted && confused > 0
            select new ConfusedPair(classNames[actual], classNames[predicted], (int)confused, confused / rows);
        return [.. pairs.OrderByDescending(pair => pair.Count).ThenByDescending(pair => pair.Fraction).Take(most)];
    }
}

/// <summary>A row and the class with the largest loss in it.</summary>
/// <param name="Row">From 0.</param>
/// <param name="Class">From 0.</param>
/// <param name="Has">Whether the row has the class.</param>
/// <param name="Probability">The predicted probability of the class.</param>
internal sealed record LabelError(long Row, int Class, bool Has, double Probability)
{
    /// <summary>The binary cross entropy for this class.</summary>
    public double Loss => MetricMath.LogLoss(Has ? Probability : 1 - Probability);
}

/// <summary>One row and its prediction.</summary>
/// <param name="Row">The row, from 0.</param>
/// <param name="File">The path of the image file, if the row has one.</param>
/// <param name="Actual">The actual class, from 0.</param>
/// <param name="Predicted">The most probable class, from 0.</param>
/// <param name="Probability">The probability of the predicted class.</param>
/// <param name="ActualProbability">The probability of the actual class.</param>
public sealed record ScoredImage(long Row, string? File, int Actual, int Predicted, double Probability, double ActualProbability)
{
    /// <summary>The cross entropy, -ln of the probability of the actual class.</summary>
    public double Loss => MetricMath.LogLoss(ActualProbability);
}

/// <summary>
/// How well the predicted probabilities match the observed accuracy (Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2).
/// </summary>
public sealed class Calibration
{
    internal Calibration(IReadOnlyList<CalibrationBin> bins) => Bins = bins;

    /// <summary>The reliability diagram: 15 bins of equal width over (0, 1].</summary>
    public IReadOnlyList<CalibrationBin> Bins { get; }

    /// <summary>ECE, equation 3: the mean over all rows of |accuracy - confidence| of the bin of the row, in [0, 1]; 0 if there are no rows.</summary>
    public double ExpectedError => Bins.Sum(bin => bin.Count) is > 0 and int rows ? Bins.Sum(bin => bin.Count * Gap(bin)) / rows : 0;

    /// <summary>MCE, equation 5: the largest |accuracy - confidence| of any bin with rows, in [0, 1].</summary>
    public double MaximumError => Bins.Where(bin => bin.Count > 0).Select(Gap).DefaultIfEmpty().Max();

    private static double Gap(CalibrationBin bin) => Math.Abs(bin.Accuracy - bin.Confidence);
}

/// <summary>One bin: the rows whose predicted class has a probability in (From, To].</summary>
/// <param name="From">The lower bound, exclusive.</param>
/// <param name="To">The upper bound, inclusive.</param>
/// <param name="Count">The number of rows.</param>
/// <param name="Confidence">The mean probability of the predicted class; 0 if there are no rows.</param>
/// <param name="Accuracy">The fraction of rows that are classified correctly; 0 if there are no rows.</param>
public sealed record CalibrationBin(double From, double To, int Count, double Confidence, double Accuracy);

/// <summary>Accumulates a reliability diagram, row by row.</summary>
internal sealed class CalibrationCounter
{
    private const int BinCount = 15;

    private readonly (int Count, double Confidence, int Correct)[] _bins = new (int, double, int)[BinCount];

    public void Add(double probability, bool isCorrect)
    {
        ref (int Count, double Confidence, int Correct) bin = ref _bins[Math.Clamp((int)Math.Ceiling(probability * BinCount) - 1, 0, BinCount - 1)];
        bin = (bin.Count + 1, bin.Confidence + probability, bin.Correct + (isCorrect ? 1 : 0));
    }

    public Calibration Read() =>
        new([
            .. _bins.Select(
                (bin, i) =>
                    new CalibrationBin(
                        (double)i / BinCount,
                        (i + 1.0) / BinCount,
                        bin.Count,
                        bin.Count == 0 ? 0 : bin.Confidence / bin.Count,
                        bin.Count == 0 ? 0 : (double)bin.Correct / bin.Count
                    )
            ),
        ]);
}

/// <summary>Accumulates a report, row by row. Only the rows with the highest loss are stored.</summary>
/// <param name="classNames">The classes in the order of the probabilities.</param>
/// <param name="worst">The number of rows with the highest loss to store.</param>
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

    /// <summary>Rows whose class the model does not know.</summary>
    public IReadOnlyList<UnknownClass> Unknown { get; set; } = [];

    /// <param name="row">From 0.</param>
    /// <param name="file">The path of the image file; null if unknown.</param>
    /// <param name="actual">The class, from 0; null if the row has no label.</param>
    /// <param name="probabilities">The probabilities of all classes; NaN if the image could not be read.</param>
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

        int predicted = ArgMax(probabilities);
        ScoredImage image = new(row, file, label, predicted, probabilities[predicted], probabilities[label]);
        _rows++;
        _loss += image.Loss;
        _confusion[label, predicted]++;
        _ranks[Rank(probabilities, label)]++;
        _calibration.Add(image.Probability, label == predicted);
        _worst.Add(image, image.Loss, row);
    }

    public ClassificationReport Build() =>
        new(classNames, _confusion, _ranks)
        {
            Coverage = new RowCoverage(_rows, _unlabeled - Unknown.Sum(entry => entry.Rows), _unreadable, Unknown),
            LogLoss = _rows == 0 ? 0 : _loss / _rows,
            Calibration = _calibration.Read(),
            Worst = _worst.Read(),
        };

    private static int ArgMax(ReadOnlySpan<float> values)
    {
        int largest = 0;
        for (int i = 1; i < values.Length; i++)
        {
            largest = values[i] > values[largest] ? i : largest;
        }

        return largest;
    }

    // The number of classes that rank higher.
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
