namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>What became of a trial.</summary>
public enum TrialState
{
    /// <summary>Begun, and stopped by the sweep's end or by the end of the process.</summary>
    Interrupted,

    /// <summary>Trained up to a rung and not chosen to go on.</summary>
    Paused,

    /// <summary>Trained to its end.</summary>
    Completed,

    /// <summary>Ended by an error.</summary>
    Failed,
}
