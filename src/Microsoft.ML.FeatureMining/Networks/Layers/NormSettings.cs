namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>What BatchNorm adds to the variance, and the share of the new batch in the running statistics.</summary>
internal sealed record NormSettings(double Epsilon, double Momentum)
{
    /// <summary>PyTorch's own.</summary>
    public static NormSettings Default { get; } = new(1e-5, 0.1);
}
