namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>A row and the class that a network is most wrong about in it.</summary>
/// <param name="Row">From 0.</param>
/// <param name="Class">From 0.</param>
/// <param name="Has">Whether the row has the class.</param>
/// <param name="Probability">That it has, as the network says.</param>
internal sealed record LabelError(long Row, int Class, bool Has, double Probability)
{
    // What ML.NET's log-loss takes for 0.
    private const double Least = 1e-15;

    /// <summary>The binary cross entropy of the class.</summary>
    public double Loss => -Math.Log(Math.Max(Has ? Probability : 1 - Probability, Least));
}
