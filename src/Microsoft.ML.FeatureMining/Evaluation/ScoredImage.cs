namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>One row and what was made of it.</summary>
/// <param name="Row">The row, from 0.</param>
/// <param name="File">The picture's file, where the row names one.</param>
/// <param name="Actual">Its class, from 0.</param>
/// <param name="Predicted">The most probable class, from 0.</param>
/// <param name="Probability">The predicted class's probability.</param>
/// <param name="ActualProbability">Its own class's probability.</param>
public sealed record ScoredImage(long Row, string? File, int Actual, int Predicted, double Probability, double ActualProbability)
{
    // What ML.NET's log-loss takes for 0.
    private const double Least = 1e-15;

    /// <summary>The cross entropy, -ln of the actual class's probability.</summary>
    public double Loss => -Math.Log(Math.Max(ActualProbability, Least));
}
