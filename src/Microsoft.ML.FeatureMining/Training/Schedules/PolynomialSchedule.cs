namespace Microsoft.ML.FeatureMining.Training.Schedules;

/// <summary>From the base rate to <see cref="FinalFactor"/> times it along (1 - progress)^<see cref="Power"/>.</summary>
public sealed record PolynomialSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    public override string Key => "polynomial";

    /// <summary>The power, above 0; 1 is a straight line.</summary>
    /// <value>1.</value>
    public double Power { get; init; } = 1;

    /// <summary>The factor at the end of the run, in [0, 1].</summary>
    /// <value>0.</value>
    public double FinalFactor { get; init; }

    /// <inheritdoc/>
    public override double Factor(double progress) => FinalFactor + (1 - FinalFactor) * Math.Pow(1 - progress, Power);

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (!(Power > 0 && double.IsFinite(Power)))
        {
            yield return $"Power of a polynomial schedule is above 0; it is {Power}.";
        }

        if (!(FinalFactor is >= 0 and <= 1))
        {
            yield return $"FinalFactor of a polynomial schedule lies in [0, 1]; it is {FinalFactor}.";
        }
    }
}
