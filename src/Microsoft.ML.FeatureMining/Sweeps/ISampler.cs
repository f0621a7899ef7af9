namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>Chooses settings. Without a state: what it chooses depends on the sweep's seed, the trial's number and the trials before, so that a sweep that is taken up again goes on as if it had never stopped.</summary>
internal interface ISampler
{
    /// <param name="trial">The number of the trial to come, from 0.</param>
    /// <param name="ranked">Places [0, 1) of the settings of earlier trials, one a parameter, the best trial first.</param>
    /// <returns>The places of the trial's settings; null where there is nothing left to try.</returns>
    double[]? Next(int trial, IReadOnlyList<double[]> ranked);
}
