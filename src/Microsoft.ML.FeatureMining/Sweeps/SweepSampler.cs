namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>How a sweep chooses the settings of its next trial.</summary>
public enum SweepSampler
{
    /// <summary>
    /// By a model of what was good so far: the Tree-structured Parzen Estimator (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", section 4).
    /// </summary>
    TreeParzen,

    /// <summary>At random, each trial for itself (Bergstra and Bengio 2012).</summary>
    Random,

    /// <summary>All combinations of a few values each, in an order drawn by the seed, until the budget is spent.</summary>
    Grid,
}
