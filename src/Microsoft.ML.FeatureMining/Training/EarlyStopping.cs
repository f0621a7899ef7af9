namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Ends a run when the validation accuracy has not risen for a while.</summary>
public sealed record EarlyStopping
{
    /// <summary>Epochs without a rise before the run ends, at least 1.</summary>
    /// <value>20.</value>
    public int Patience { get; init; } = 20;

    /// <summary>What counts as a rise, in accuracy (0.01 is one percentage point), at least 0.</summary>
    /// <value>0: any rise.</value>
    public double MinDelta { get; init; }
}
