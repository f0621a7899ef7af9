namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Metrics of a multi-label classifier. Means over classes ("macro") count undefined values as 0, as scikit-learn does.</summary>
public sealed class MultilabelClassificationMetrics
{
    internal MultilabelClassificationMetrics(IReadOnlyList<LabelMetrics> classes, int rows, int exact, double jaccardSum, int unscored)
    {
        Classes = classes;
        (Rows, UnscoredRows) = (rows, unscored);
        SubsetAccuracy = rows == 0 ? 0 : (double)exact / rows;
        JaccardIndex = rows == 0 ? 0 : jaccardSum / rows;
        Micro = new LabelMetrics(
            "all classes",
            classes.Sum(entry => entry.TruePositives),
            classes.Sum(entry => entry.FalsePositives),
            classes.Sum(entry => entry.FalseNegatives),
            classes.Sum(entry => entry.TrueNegatives),
            AveragePrecision: null
        );
    }

    /// <summary>Metrics per class, in the order of the scores.</summary>
    public IReadOnlyList<LabelMetrics> Classes { get; }

    /// <summary>The number of rows with a label and a score.</summary>
    public int Rows { get; }

    /// <summary>The number of skipped rows: without a label, or with NaN scores.</summary>
    public int UnscoredRows { get; }

    /// <summary>How many of all rows were measured, why others were left out, and which labels were ignored.</summary>
    public RowCoverage Coverage { get; internal init; } = new(0, 0, 0, [], isMultilabel: true);

    /// <summary>The fraction of rows whose predicted set of classes is exactly right, in [0, 1].</summary>
    public double SubsetAccuracy { get; }

    /// <summary>
    /// The mean over the rows of |actual and predicted| / |actual or predicted|, in [0, 1]; 1 for a row without any actual or predicted class.
    /// </summary>
    public double JaccardIndex { get; }

    /// <summary>Metrics of the sum of the confusion matrices of all classes ("micro" averages).</summary>
    public LabelMetrics Micro { get; }

    /// <summary>The mean precision over the classes, in [0, 1].</summary>
    public double MacroPrecision => Classes.Average(entry => entry.Precision ?? 0);

    /// <summary>The mean recall over the classes, in [0, 1].</summary>
    public double MacroRecall => Classes.Average(entry => entry.Recall ?? 0);

    /// <summary>The mean F1 over the classes, in [0, 1].</summary>
    public double MacroF1 => Classes.Average(entry => entry.F1 ?? 0);

    /// <summary>mAP: the mean average precision over the classes that at least one image has, in [0, 1]; 0 if there is no such class.</summary>
    public double MeanAveragePrecision => Classes.Select(entry => entry.AveragePrecision).OfType<double>().DefaultIfEmpty().Average();
}

/// <summary>Multi-label metrics of one class: its 2x2 confusion matrix and the metrics computed from it.</summary>
/// <param name="Name">The class.</param>
/// <param name="TruePositives">The number of images that have the class and are predicted to have it.</param>
/// <param name="FalsePositives">The number of images that do not have the class but are predicted to have it.</param>
/// <param name="FalseNegatives">The number of images that have the class but are predicted not to have it.</param>
/// <param name="TrueNegatives">The number of images that do not have the class and are predicted not to have it.</param>
/// <param name="AveragePrecision">
/// The area under the precision-recall curve as a step function: sum over the thresholds of precision times increase of recall, in [0, 1]; null if no image has
/// the class.
/// </param>
public sealed record LabelMetrics(string Name, int TruePositives, int FalsePositives, int FalseNegatives, int TrueNegatives, double? AveragePrecision)
{
    /// <summary>TP / (TP + FP), in [0, 1]; null if no image is predicted to have the class.</summary>
    public double? Precision => MetricMath.Ratio(TruePositives, TruePositives + FalsePositives);

    /// <summary>TP / (TP + FN), in [0, 1]; null if no image has the class.</summary>
    public double? Recall => MetricMath.Ratio(TruePositives, TruePositives + FalseNegatives);

    /// <summary>2 TP / (2 TP + FP + FN), in [0, 1]; null if no image has the class or is predicted to have it.</summary>
    public double? F1 => MetricMath.Ratio(2 * TruePositives, (2 * TruePositives) + FalsePositives + FalseNegatives);
}

/// <summary>Accumulates multi-label metrics, row by row. Stores all scores, because average precision needs them sorted.</summary>
internal sealed class MultilabelCounter(IReadOnlyList<string> names, double threshold)
{
    private readonly List<(float Score, bool Actual)>[] _scores = [.. names.Select(_ => new List<(float, bool)>())];
    private int _exact;
    private int _unlabeled;
    private int _unreadable;
    private double _jaccard;

    /// <summary>Classes in the labels that the model does not know.</summary>
    public IReadOnlyList<UnknownClass> Unknown { get; set; } = [];

    /// <param name="actual">1 for each class that the row has, otherwise 0; null if the row has no label.</param>
    /// <param name="scores">The score of each class.</param>
    public void Add(IReadOnlyList<float>? actual, ReadOnlySpan<float> scores)
    {
        if (Array.Exists(scores.ToArray(), float.IsNaN))
        {
            _unreadable++;
            return;
        }

        if (actual is null)
        {
            _unlabeled++;
            return;
        }

        (int both, int either) = (0, 0);
        for (int i = 0; i < scores.Length; i++)
        {
            (bool has, bool found) = (actual[i] > 0, scores[i] >= threshold);
            _scores[i].Add((scores[i], has));
            both += has && found ? 1 : 0;
            either += has || found ? 1 : 0;
        }

        _exact += both == either ? 1 : 0;
        _jaccard += either == 0 ? 1 : (double)both / either;
    }

    public MultilabelClassificationMetrics Read() =>
        new([.. names.Zip(_scores, Measure)], Rows, _exact, _jaccard, _unlabeled + _unreadable)
        {
            Coverage = new RowCoverage(Rows, _unlabeled, _unreadable, Unknown, isMultilabel: true),
        };

    private int Rows => _scores.Length == 0 ? 0 : _scores[0].Count;

    private LabelMetrics Measure(string name, List<(float Score, bool Actual)> rows)
    {
        int positives = rows.Count(row => row.Actual);
        int found = rows.Count(row => row.Score >= threshold);
        int both = rows.Count(row => row.Actual && row.Score >= threshold);
        return new LabelMetrics(name, both, found - both, positives - both, rows.Count - found - positives + both, AveragePrecision(rows, positives));
    }

    // Rows with equal scores form one threshold.
    private static double? AveragePrecision(List<(float Score, bool Actual)> rows, int positives)
    {
        if (positives == 0)
        {
            return null;
        }

        (double area, int seen, int hits) = (0, 0, 0);
        foreach (IGrouping<float, (float Score, bool Actual)> tie in rows.GroupBy(row => row.Score).OrderByDescending(group => group.Key))
        {
            int rise = tie.Count(row => row.Actual);
            (seen, hits) = (seen + tie.Count(), hits + rise);
            area += (double)rise / positives * hits / seen;
        }

        return area;
    }
}

/// <summary>Collects the rows with the largest binary cross entropy of a class.</summary>
/// <param name="most">The number of rows to store.</param>
internal sealed class WorstLabels(int most)
{
    private readonly WorstRows<LabelError> _worst = new(most);

    /// <param name="row">From 0.</param>
    /// <param name="actual">1 for each class that the row has, otherwise 0; null if the row has no label.</param>
    /// <param name="scores">The probability of each class; NaN if the image could not be read.</param>
    public void Add(long row, IReadOnlyList<float>? actual, IReadOnlyList<float> scores)
    {
        if (actual is null || scores.Any(float.IsNaN))
        {
            return;
        }

        LabelError worst = Enumerable.Range(0, scores.Count).Select(k => new LabelError(row, k, actual[k] > 0, scores[k])).MaxBy(error => error.Loss)!;
        _worst.Add(worst, worst.Loss, row);
    }

    /// <summary>The rows, the largest loss first.</summary>
    public IReadOnlyList<LabelError> Read() => _worst.Read();
}
