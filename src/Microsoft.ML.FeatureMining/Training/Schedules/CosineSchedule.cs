namespace Microsoft.ML.FeatureMining.Training.Schedules;

/// <summary>Cosine annealing from the base learning rate to <see cref="FinalFactor"/> times that rate (Loshchilov and Hutter 2017, without restarts).</summary>
public sealed record CosineSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    public override string Key => "cosine";

    /// <summary>The factor at the end of the run, in [0, 1].</summary>
    /// <value>0.</value>
    [Range(0.0, 1.0)]
    public double FinalFactor { get; init; }

    /// <inheritdoc/>
    public override double Factor(double progress) => FinalFactor + (1 - FinalFactor) * (1 + Math.Cos(Math.PI * progress)) / 2;
}
