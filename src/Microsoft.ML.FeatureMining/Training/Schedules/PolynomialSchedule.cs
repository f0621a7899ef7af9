namespace Microsoft.ML.FeatureMining.Training.Schedules;

/// <summary>Polynomial decay from the base learning rate to <see cref="FinalFactor"/> times that rate: (1 - progress)^<see cref="Power"/>.</summary>
public sealed record PolynomialSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    public override string Key => "polynomial";

    /// <summary>The power, above 0; 1 is linear.</summary>
    /// <value>1.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Power { get; init; } = 1;

    /// <summary>The factor at the end of the run, in [0, 1].</summary>
    /// <value>0.</value>
    [Range(0.0, 1.0)]
    public double FinalFactor { get; init; }

    /// <inheritdoc/>
    public override double Factor(double progress) => FinalFactor + (1 - FinalFactor) * Math.Pow(1 - progress, Power);
}
