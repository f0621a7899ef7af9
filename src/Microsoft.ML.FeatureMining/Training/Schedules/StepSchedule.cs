namespace Microsoft.ML.FeatureMining.Training.Schedules;

/// <summary>
/// Multiplies the learning rate by <see cref="Gamma"/> at each milestone: by default by 0.1 at 1/2 and 3/4 of the run, as in the Feature Mining paper (epochs
/// 150 and 225 of 300).
/// </summary>
public sealed record StepSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    public override string Key => "step";

    /// <summary>Fractions of the run, each in (0, 1).</summary>
    /// <value>0.5 and 0.75.</value>
    public IReadOnlyList<double> Milestones { get; init; } = [0.5, 0.75];

    /// <summary>The factor at each milestone, in (0, 1].</summary>
    /// <value>0.1.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double Gamma { get; init; } = 0.1;

    /// <inheritdoc/>
    public override double Factor(double progress) => Math.Pow(Gamma, Milestones.Count(milestone => progress >= milestone));

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (!Milestones.All(milestone => milestone is > 0 and < 1))
        {
            string milestones = string.Join(", ", Milestones.Select(milestone => FormattableString.Invariant($"{milestone}")));
            yield return $"Milestones of step must be fractions of the run, above 0 and below 1; they are {milestones}.";
        }
    }
}
