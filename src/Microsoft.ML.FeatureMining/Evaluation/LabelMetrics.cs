namespace Microsoft.ML.FeatureMining.Evaluation;

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
    public double? Precision => Ratio(TruePositives, TruePositives + FalsePositives);

    /// <summary>TP / (TP + FN), in [0, 1]; null where no image has it.</summary>
    public double? Recall => Ratio(TruePositives, TruePositives + FalseNegatives);

    /// <summary>2 TP / (2 TP + FP + FN), in [0, 1]; null where no image has it or is said to.</summary>
    public double? F1 => Ratio(2 * TruePositives, (2 * TruePositives) + FalsePositives + FalseNegatives);

    internal static double? Ratio(int part, int whole) => whole == 0 ? null : (double)part / whole;
}
