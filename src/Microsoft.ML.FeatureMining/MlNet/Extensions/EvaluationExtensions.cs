using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.MlNet.Explaining;

namespace Microsoft.ML;

/// <summary>What ML.NET's Evaluate does not tell.</summary>
public static class EvaluationExtensions
{
    /// <summary>Measures scored rows in detail: each class, the confused pairs, the worst rows, calibration.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="scored">What a model's Transform gave; nothing but scores and labels is kept.</param>
    /// <param name="labelColumnName">The label, a key of the classes that the scores are of.</param>
    /// <param name="scoreColumnName">The probabilities.</param>
    /// <param name="worst">How many of the rows with the highest loss to name; their files are taken from a text column ImagePath, where there is one.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or label and score are of different classes.</exception>
    public static ClassificationReport EvaluateInDetail(
        this MulticlassClassificationCatalog catalog, IDataView scored, string labelColumnName = "Label", string scoreColumnName = "Score", int worst = 24)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(scored);
        ArgumentOutOfRangeException.ThrowIfNegative(worst);
        return ScoredRowReader.Read(scored, labelColumnName, scoreColumnName, worst);
    }
}
