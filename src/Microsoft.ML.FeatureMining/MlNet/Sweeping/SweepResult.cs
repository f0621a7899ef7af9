using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Reports;
using Microsoft.ML.FeatureMining.Sweeps;

namespace Microsoft.ML.FeatureMining;

/// <summary>What a sweep found.</summary>
/// <typeparam name="TOptions">The trainer's options.</typeparam>
public sealed class SweepResult<TOptions>
    where TOptions : ImageClassificationOptions
{
    private readonly IReadOnlyList<SweepParameter> _parameters;
    private readonly Func<SweepTrial, TOptions> _optionsOf;

    internal SweepResult(IReadOnlyList<SweepParameter> parameters, IReadOnlyList<SweepTrial> trials, Func<SweepTrial, TOptions> optionsOf)
    {
        (_parameters, _optionsOf) = (parameters, optionsOf);
        Trials = [.. SweepTrial.Ranked(trials)];
    }

    /// <summary>All trials, the best first: those that came further, then those of the higher score.</summary>
    public IReadOnlyList<SweepTrial> Trials { get; }

    /// <summary>The best trial; null where none came to the end of an epoch.</summary>
    public SweepTrial? Best => SweepTrial.Best(Trials);

    /// <summary>
    /// The options of a trial. They name the sweep's folder: a Fit of the pipeline with them gives the trial's model, the best's without training again; the weights of others that came to their
    /// end are not kept.
    /// </summary>
    public TOptions OptionsOf(SweepTrial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        return _optionsOf(trial);
    }

    /// <summary>All trials as comma-separated values with a head: trial, state, epochs, score, seconds, error, and each setting.</summary>
    public string ToCsv() => SweepTable.ToCsv(_parameters, Trials);

    /// <summary>Writes one HTML file: parallel coordinates, the importance of each parameter, learning curves and all trials. It loads nothing from anywhere and runs no script.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveReport(string path, string title = "Sweep")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, stream => HtmlPage.Write(stream, title, SweepReport.Of(_parameters, Trials)));
    }
}
