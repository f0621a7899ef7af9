using System.Text.Json;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Metrics of a classifier on labeled rows. Averages over classes match scikit-learn's <c>classification_report(zero_division=0)</c>.</summary>
public sealed class ClassificationReport
{
    private readonly ClassificationSums _sums;

    internal ClassificationReport(ClassificationSums sums)
    {
        _sums = sums;
        int[][] confusion = sums.Confusion;
        Classes = [.. sums.Classes.Select((name, k) => new ClassMetrics(name, confusion[k].Sum(), confusion.Sum(row => row[k]), confusion[k][k]))];
        Coverage = new RowCoverage(Rows, sums.Unlabeled, sums.Unreadable, sums.Unknown);
        LogLoss = Rows == 0 ? 0 : ExactSum.Value(sums.Loss) / Rows;
        Calibration = new Calibration([.. sums.Calibration.Select((bin, i) => bin.Read(i, sums.Calibration.Length))]);
    }

    /// <summary>
    /// The report on all rows from reports on parts of them, as several processes make them with <c>EvaluateShard</c>. All metrics are the same as of one
    /// evaluation of all rows.
    /// </summary>
    /// <param name="parts">The reports, in the order of the rows.</param>
    /// <exception cref="ArgumentException">There are no reports, or they have different classes.</exception>
    /// <exception cref="InvalidOperationException">There is no row to measure; the message says why.</exception>
    public static ClassificationReport Merge(IEnumerable<ClassificationReport> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ClassificationSums[] sums = [.. parts.Select(part => part._sums)];
        if (sums.Length == 0 || sums.Any(part => !part.Classes.SequenceEqual(sums[0].Classes, StringComparer.Ordinal)))
        {
            throw new ArgumentException(sums.Length == 0 ? "There is no report to merge." : "The reports have different classes.", nameof(parts));
        }

        return new ClassificationReport(sums.Aggregate((merged, part) => merged.Plus(part))).OrNothing();
    }

    /// <summary>The counts and sums that the metrics are computed from, as JSON, to merge them in another process.</summary>
    public string ToJson() => JsonSerializer.Serialize(_sums, Json.State);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The text is something else.</exception>
    public static ClassificationReport FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return new ClassificationReport(SumsText.Read<ClassificationSums>(json, sums => sums.IsConsistent));
    }

    /// <exception cref="InvalidOperationException">There is no row to measure.</exception>
    internal ClassificationReport OrNothing() => Rows > 0 ? this : throw new InvalidOperationException($"There is nothing to measure: {Coverage}.");

    /// <summary>The number of rows with a label and a score.</summary>
    public int Rows => Classes.Sum(entry => entry.Rows);

    /// <summary>The number of skipped rows without a label.</summary>
    public int Unlabeled => Coverage.Unlabeled;

    /// <summary>The number of skipped rows with an unreadable image, if the model skips such rows.</summary>
    public int Unreadable => Coverage.Unreadable;

    /// <summary>How many of all rows were measured, and why others were left out.</summary>
    public RowCoverage Coverage { get; }

    /// <summary>Metrics per class, in the order of the scores.</summary>
    public IReadOnlyList<ClassMetrics> Classes { get; }

    /// <summary>The fraction of rows that are classified correctly, in [0, 1]; 0 if there are no rows.</summary>
    public double Accuracy => TopKAccuracy(1);

    /// <summary>The mean cross entropy, -ln of the probability of the actual class; 0 if there are no rows.</summary>
    public double LogLoss { get; }

    /// <summary>The unweighted mean precision of the classes that have rows or predictions.</summary>
    public double MacroPrecision => Macro(entry => entry.Precision);

    /// <summary>The unweighted mean recall of the same classes.</summary>
    public double MacroRecall => Macro(entry => entry.Recall);

    /// <summary>The unweighted mean F1 of the same classes.</summary>
    public double MacroF1 => Macro(entry => entry.F1);

    /// <summary>The mean F1 of the classes, weighted by their number of rows.</summary>
    public double WeightedF1 => Rows == 0 ? 0 : Classes.Sum(entry => entry.Rows * (entry.F1 ?? 0)) / Rows;

    /// <summary>How well the predicted probabilities match the observed accuracy.</summary>
    public Calibration Calibration { get; }

    /// <summary>The rows with the highest loss, in descending order.</summary>
    public IReadOnlyList<ScoredImage> Worst => _sums.Worst;

    /// <summary>
    /// An entry of the confusion matrix: the number of rows of class <paramref name="actual"/> that were predicted as class <paramref name="predicted"/>, both
    /// from 0.
    /// </summary>
    /// <exception cref="IndexOutOfRangeException">There is no such class.</exception>
    public int Count(int actual, int predicted) => _sums.Confusion[actual][predicted];

    /// <summary>
    /// The fraction of rows with the actual class among the k most probable, in [0, 1]. If probabilities are equal, the first class ranks higher.
    /// </summary>
    public double TopKAccuracy(int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        return Rows == 0 ? 0 : (double)_sums.Ranks.Take(k).Sum() / Rows;
    }

    /// <inheritdoc cref="ConfusedPair.Most"/>
    public IReadOnlyList<ConfusedPair> MostConfused(int most) =>
        ConfusedPair.Most([.. Classes.Select(entry => entry.Name)], (actual, predicted) => _sums.Confusion[actual][predicted], most);

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
