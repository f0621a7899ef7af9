namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>
/// How strongly a stage responds, over some images (Xie et al. 2021, arXiv version, figure 4): how many of its features are larger than 0.5, by size.
/// </summary>
/// <param name="Stage">The stage, from 0.</param>
/// <param name="Images">How many images.</param>
/// <param name="Mean">The mean of all features.</param>
/// <param name="ActiveShare">The share of features larger than <see cref="Threshold"/>, in [0, 1].</param>
/// <param name="Counts">For each bin how many features an image, on average, lie in it; the last counts all that are larger.</param>
public sealed record StageActivations(int Stage, int Images, double Mean, double ActiveShare, IReadOnlyList<double> Counts)
{
    /// <summary>Features up to this are not counted, as in the paper.</summary>
    public const double Threshold = 0.5;

    /// <summary>The width of a bin: bin i holds the features in (0.5 + 0.25 i, 0.75 + 0.25 i].</summary>
    public const double BinWidth = 0.25;

    internal const int Bins = 24;
}
