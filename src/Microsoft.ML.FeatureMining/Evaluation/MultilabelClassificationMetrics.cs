using System.Text.Json;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Metrics of a multi-label classifier. Means over classes ("macro") count undefined values as 0, as scikit-learn does.</summary>
public sealed class MultilabelClassificationMetrics
{
    private readonly MultilabelSums _sums;

    internal MultilabelClassificationMetrics(MultilabelSums sums)
    {
        _sums = sums;
        Classes = [.. sums.Classes.Select((_, k) => sums.Measure(k))];
        Rows = sums.Rows;
        Coverage = new RowCoverage(Rows, sums.Unlabeled, sums.Unreadable, sums.Unknown, isMultilabel: true);
        SubsetAccuracy = Rows == 0 ? 0 : (double)sums.Exact / Rows;
        JaccardIndex = Rows == 0 ? 0 : ExactSum.Value(sums.Jaccard) / Rows;
        Micro = new LabelMetrics(
            "all classes",
            Classes.Sum(entry => entry.TruePositives),
            Classes.Sum(entry => entry.FalsePositives),
            Classes.Sum(entry => entry.FalseNegatives),
            Classes.Sum(entry => entry.TrueNegatives),
            AveragePrecision: null
        );
    }

    /// <summary>
    /// The metrics of all rows from those of parts of them, as several processes make them with <c>EvaluateShard</c>. All metrics are the same as of one
    /// evaluation of all rows.
    /// </summary>
    /// <param name="parts">The metrics of the parts.</param>
    /// <exception cref="ArgumentException">There are no parts, or they have different classes or thresholds.</exception>
    /// <exception cref="InvalidOperationException">There is no row to measure; the message says why.</exception>
    public static MultilabelClassificationMetrics Merge(IEnumerable<MultilabelClassificationMetrics> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        MultilabelSums[] sums = [.. parts.Select(part => part._sums)];
        if (sums.Length == 0 || sums.Any(part => part.Threshold != sums[0].Threshold || !part.Classes.SequenceEqual(sums[0].Classes, StringComparer.Ordinal)))
        {
            throw new ArgumentException(
                sums.Length == 0 ? "There are no metrics to merge." : "The metrics have different classes or thresholds.",
                nameof(parts)
            );
        }

        return new MultilabelClassificationMetrics(sums.Aggregate((merged, part) => merged.Plus(part))).OrNothing();
    }

    /// <summary>
    /// The counts, sums and scores that the metrics are computed from, as JSON, to merge them in another process. They have the scores of all rows, because
    /// average precision needs them sorted.
    /// </summary>
    public string ToJson() => JsonSerializer.Serialize(_sums, Json.State);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The text is something else.</exception>
    public static MultilabelClassificationMetrics FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return new MultilabelClassificationMetrics(SumsText.Read<MultilabelSums>(json, sums => sums.IsConsistent));
    }

    /// <exception cref="InvalidOperationException">There is no row to measure.</exception>
    internal MultilabelClassificationMetrics OrNothing() => Rows > 0 ? this : throw new InvalidOperationException($"There is nothing to measure: {Coverage}.");

    /// <summary>Metrics per class, in the order of the scores.</summary>
    public IReadOnlyList<LabelMetrics> Classes { get; }

    /// <summary>The number of rows with a label and a score.</summary>
    public int Rows { get; }

    /// <summary>The number of skipped rows: without a label, or with NaN scores.</summary>
    public int UnscoredRows => _sums.Unlabeled + _sums.Unreadable;

    /// <summary>How many of all rows were measured, why others were left out, and which labels were ignored.</summary>
    public RowCoverage Coverage { get; }

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
