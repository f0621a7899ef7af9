namespace Microsoft.ML.FeatureMining.Training.Schedules;

/// <summary>Half a cosine from the base rate to <see cref="FinalFactor"/> times it (Loshchilov and Hutter 2017, without restarts).</summary>
public sealed record CosineSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    public override string Key => "cosine";

    /// <summary>The factor at the end of the run, in [0, 1].</summary>
    /// <value>0.</value>
    public double FinalFactor { get; init; }

    /// <inheritdoc/>
    public override double Factor(double progress) => FinalFactor + (1 - FinalFactor) * (1 + Math.Cos(Math.PI * progress)) / 2;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (!(FinalFactor is >= 0 and <= 1))
        {
            yield return $"FinalFactor of a cosine schedule lies in [0, 1]; it is {FinalFactor}.";
        }
    }
}
