namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>How well a model finds the classes of images that may have any number of them. A mean over the classes ("macro") takes what is not defined for 0, as scikit-learn does.</summary>
public sealed class MultilabelClassificationMetrics
{
    internal MultilabelClassificationMetrics(IReadOnlyList<LabelMetrics> classes, int rows, int exact, double jaccardSum, int unscored)
    {
        Classes = classes;
        (Rows, UnscoredRows) = (rows, unscored);
        SubsetAccuracy = rows == 0 ? 0 : (double)exact / rows;
        JaccardIndex = rows == 0 ? 0 : jaccardSum / rows;
        Micro = new LabelMetrics("all classes", classes.Sum(entry => entry.TruePositives), classes.Sum(entry => entry.FalsePositives), classes.Sum(entry => entry.FalseNegatives),
            classes.Sum(entry => entry.TrueNegatives), AveragePrecision: null);
    }

    /// <summary>Each class, in the order of the scores.</summary>
    public IReadOnlyList<LabelMetrics> Classes { get; }

    /// <summary>Rows with a label and a score.</summary>
    public int Rows { get; }

    /// <summary>Rows that were skipped because they have no label or their scores are NaN.</summary>
    public int UnscoredRows { get; }

    /// <summary>The share of rows whose classes are all found, and no other, in [0, 1].</summary>
    public double SubsetAccuracy { get; }

    /// <summary>The mean over the rows of the classes found rightly by those that are there or found, in [0, 1]; 1 for a row without either.</summary>
    public double JaccardIndex { get; }

    /// <summary>The confusion matrices of all classes added up ("micro").</summary>
    public LabelMetrics Micro { get; }

    /// <summary>The mean precision over the classes, in [0, 1].</summary>
    public double MacroPrecision => Classes.Average(entry => entry.Precision ?? 0);

    /// <summary>The mean recall over the classes, in [0, 1].</summary>
    public double MacroRecall => Classes.Average(entry => entry.Recall ?? 0);

    /// <summary>The mean F1 over the classes, in [0, 1].</summary>
    public double MacroF1 => Classes.Average(entry => entry.F1 ?? 0);

    /// <summary>mAP: the mean of the average precisions of the classes that some image has, in [0, 1]; 0 where there is none.</summary>
    public double MeanAveragePrecision => Classes.Select(entry => entry.AveragePrecision).OfType<double>().DefaultIfEmpty().Average();
}

/// <summary>How well one class is found in images that may have any number of them: the 2x2 confusion matrix and what follows from it.</summary>
/// <param name="Name">The class.</param>
/// <param name="TruePositives">Images that have the class and are said to.</param>
/// <param name="FalsePositives">Images that do not and are said to.</param>
/// <param name="FalseNegatives">Images that have it and are said not to.</param>
/// <param name="TrueNegatives">Images that do not and are said not to.</param>
/// <param name="AveragePrecision">Sum over the scores, from the highest, of the precision there times the rise of recall: the area under the steps of the curve, in [0, 1]; null where no image has the class.</param>
public sealed record LabelMetrics(string Name, int TruePositives, int FalsePositives, int FalseNegatives, int TrueNegatives, double? AveragePrecision)
{
    /// <summary>TP / (TP + FP), in [0, 1]; null where no image is said to have the class.</summary>
    public double? Precision => MetricMath.Ratio(TruePositives, TruePositives + FalsePositives);

    /// <summary>TP / (TP + FN), in [0, 1]; null where no image has it.</summary>
    public double? Recall => MetricMath.Ratio(TruePositives, TruePositives + FalseNegatives);

    /// <summary>2 TP / (2 TP + FP + FN), in [0, 1]; null where no image has it or is said to.</summary>
    public double? F1 => MetricMath.Ratio(2 * TruePositives, (2 * TruePositives) + FalsePositives + FalseNegatives);
}

/// <summary>Gathers multi-label metrics, row by row; keeps each row's scores, because average precision needs them in order.</summary>
internal sealed class MultilabelCounter(IReadOnlyList<string> names, double threshold)
{
    private readonly List<(float Score, bool Actual)>[] _scores = [.. names.Select(_ => new List<(float, bool)>())];
    private int _exact;
    private int _unscored;
    private double _jaccard;

    /// <param name="actual">1 for each class that the row has; null where it has no label.</param>
    /// <param name="scores">Each class's score.</param>
    public void Add(IReadOnlyList<float>? actual, ReadOnlySpan<float> scores)
    {
        if (actual is null || Array.Exists(scores.ToArray(), float.IsNaN))
        {
            _unscored++;
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

    public MultilabelClassificationMetrics Read() => new(
        [.. names.Zip(_scores, Measure)], _scores.Length == 0 ? 0 : _scores[0].Count, _exact, _jaccard, _unscored);

    private LabelMetrics Measure(string name, List<(float Score, bool Actual)> rows)
    {
        int positives = rows.Count(row => row.Actual);
        int found = rows.Count(row => row.Score >= threshold);
        int both = rows.Count(row => row.Actual && row.Score >= threshold);
        return new LabelMetrics(name, both, found - both, positives - both, rows.Count - found - positives + both, AveragePrecision(rows, positives));
    }

    // Rows of one score stand or fall together.
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

/// <summary>Gathers the rows with the largest binary cross entropy of a class; keeps nothing of the others.</summary>
/// <param name="most">How many.</param>
internal sealed class WorstLabels(int most)
{
    private readonly WorstRows<LabelError> _worst = new(most);

    /// <param name="row">From 0.</param>
    /// <param name="actual">1 for each class that the row has; null where it has no label.</param>
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

    /// <summary>The worst first.</summary>
    public IReadOnlyList<LabelError> Read() => _worst.Read();
}
