namespace Microsoft.ML.FeatureMining.Training.Schedules;

/// <summary>
/// The one-cycle policy (Smith and Topin 2019): a cosine rise from <see cref="InitialFactor"/> to the base learning rate over the first
/// <see cref="RisingShare"/> of the run, then a cosine decay to <see cref="FinalFactor"/>. The momentum does not change.
/// </summary>
public sealed record OneCycleSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    public override string Key => "one-cycle";

    /// <summary>The fraction of the run in which the learning rate rises, between 0 and 1 (both excluded).</summary>
    /// <value>0.3.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double RisingShare { get; init; } = 0.3;

    /// <summary>The factor at the start, above 0 and at most 1.</summary>
    /// <value>1 / 25.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double InitialFactor { get; init; } = 1.0 / 25;

    /// <summary>The factor at the end, in [0, 1].</summary>
    /// <value>1 / 250,000.</value>
    [Range(0.0, 1.0)]
    public double FinalFactor { get; init; } = 1.0 / 250_000;

    /// <inheritdoc/>
    public override double Factor(double progress) =>
        progress < RisingShare ? Between(InitialFactor, 1, progress / RisingShare) : Between(1, FinalFactor, (progress - RisingShare) / (1 - RisingShare));

    private static double Between(double from, double to, double share) => to + (from - to) * (1 + Math.Cos(Math.PI * share)) / 2;
}
