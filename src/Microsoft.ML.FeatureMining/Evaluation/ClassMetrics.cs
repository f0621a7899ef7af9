namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>How well one class is told from the others.</summary>
/// <param name="Name">The class.</param>
/// <param name="Rows">Rows of this class.</param>
/// <param name="Predicted">Rows taken for this class.</param>
/// <param name="Correct">Rows of this class that were taken for it.</param>
public sealed record ClassMetrics(string Name, int Rows, int Predicted, int Correct)
{
    /// <summary>Correct / Predicted, in [0, 1]; null where nothing was taken for this class.</summary>
    public double? Precision => Ratio(Correct, Predicted);

    /// <summary>Correct / Rows, in [0, 1]; null where the class has no rows.</summary>
    public double? Recall => Ratio(Correct, Rows);

    /// <summary>The harmonic mean of the two, 2 Correct / (Rows + Predicted); null where there is neither a row nor a prediction.</summary>
    public double? F1 => Ratio(2 * Correct, Rows + Predicted);

    private static double? Ratio(int part, int whole) => whole == 0 ? null : (double)part / whole;
}
