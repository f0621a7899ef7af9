namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>What a sweep is to do; a sweep that is taken up again must have the same but for its budget.</summary>
/// <param name="Parameters">What varies.</param>
/// <param name="Sampler">How settings are chosen.</param>
/// <param name="Epochs">Of a trial that goes to its end.</param>
/// <param name="Halving">Early stopping; null for none.</param>
internal sealed record SweepPlan(IReadOnlyList<SweepParameter> Parameters, ISampler Sampler, int Epochs, SuccessiveHalving? Halving)
{
    /// <summary>Trials at most.</summary>
    public required int Trials { get; init; }

    /// <summary>Time at most, all runs of the sweep together; null for any.</summary>
    public TimeSpan? Time { get; init; }

    /// <summary>The settings of a trial to come; null where there is nothing left to try.</summary>
    public SweepTrial? NewTrial(IReadOnlyList<SweepTrial> trials)
    {
        double[][] ranked = [.. SweepTrial.Ranked(trials.Where(trial => trial.Score is not null || trial.State == TrialState.Failed)).Select(PlacesOf)];
        double[]? places = trials.Count < Trials ? Sampler.Next(trials.Count, ranked) : null;
        return places is null ? null : new SweepTrial(trials.Count, [.. Parameters.Zip(places, (parameter, place) => KeyValuePair.Create(parameter.Name, parameter.At(place)))]);
    }

    private double[] PlacesOf(SweepTrial trial) => [.. Parameters.Zip(trial.Settings, (parameter, setting) => parameter.PlaceOf(setting.Value))];
}
