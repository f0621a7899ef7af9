using System.Text.Json;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.MlNet.Sweeping;
using Microsoft.ML.FeatureMining.Sweeps;

namespace Microsoft.ML;

/// <summary>Looks for the settings of a trainer, with what AutoML lacks: early stopping over epochs, trials that go on where they were, one split for all.</summary>
public static class SweepExtensions
{
    // Where the options hold nothing out, this does: scores of training rows would tell nothing.
    private const double DefaultValidationFraction = 0.2;

    /// <summary>
    /// Trains a pipeline with many settings and compares their validation accuracies, all on the same split. A trial that fails does not end the sweep; a sweep that was stopped or killed goes on
    /// with the same call.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="rows">What the pipeline is fitted to.</param>
    /// <param name="baseline">The settings that do not vary. Without validation rows, a fifth of each class is held out; without a seed, the sweep's counts. Its workspace, what that keeps and its cancellation are the sweep's.</param>
    /// <param name="pipeline">Makes the pipeline, with one trainer of this library in it, from a trial's options.</param>
    /// <param name="settings">How to go about.</param>
    /// <exception cref="ArgumentException">Some settings cannot be used; the message lists them all.</exception>
    /// <exception cref="InvalidDataException">The folder holds another sweep, or a damaged journal.</exception>
    /// <exception cref="IOException">The folder cannot be written, or another process is at the same sweep.</exception>
    public static SweepResult<TOptions> Sweep<TOptions>(
        this MulticlassClassificationCatalog catalog, IDataView rows, TOptions baseline, Func<TOptions, IEstimator<ITransformer>> pipeline, SweepSettings settings)
        where TOptions : ImageClassificationOptions
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(baseline);
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(settings);
        IReadOnlyList<SweepParameter> parameters = settings.Parameters.Count > 0 ? settings.Parameters : AttributeParameters.Of(baseline, settings.Fixed);
        string[] problems = [.. settings.Problems(), .. SweptOptions.Problems(baseline, parameters, settings.Fixed)];
        if (problems.Length == 0)
            problems = [.. SweptOptions.ProblemsOfAnyTrial(baseline, parameters)];
        if (problems.Length > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(settings));
        TOptions common = Common(baseline, settings);
        TrialFolders folders = new(Path.Combine(settings.Folder, "runs"));
        TrialTrainer<TOptions> trainer = new(rows, common, folders, pipeline);
        SweepPlan plan = new(parameters, SamplerOf(settings, parameters), baseline.Epochs, settings.Halving) { Trials = settings.Trials, Time = settings.Time };
        using SweepJournal journal = new(settings.Folder, KeyOf(common, parameters, settings), parameters);
        // Where a process died between the two, there is something left to remove.
        folders.Prune(journal.Trials);
        IReadOnlyList<SweepTrial> trials = new SweepRunner(plan, journal, trainer.Train, Report).Run(settings.CancellationToken);
        return new SweepResult<TOptions>(parameters, [.. trials], trainer.OptionsOf);

        void Report(SweepTrial trial)
        {
            folders.Prune(journal.Trials);
            settings.Progress?.Invoke(trial);
        }
    }

    private static TOptions Common<TOptions>(TOptions baseline, SweepSettings settings)
        where TOptions : ImageClassificationOptions => (TOptions)(baseline with
        {
            Seed = baseline.Seed ?? settings.Seed,
            ValidationFraction = baseline.ValidationFraction ?? (baseline.ValidationSet is null ? DefaultValidationFraction : null),
            // Of many trials one checkpoint each: one that is damaged costs a trial, not the sweep.
            KeepCheckpoints = 1,
        });

    private static ISampler SamplerOf(SweepSettings settings, IReadOnlyList<SweepParameter> parameters) => settings.Sampler switch
    {
        SweepSampler.Grid => new GridSampler(parameters, settings.GridSteps, settings.Seed),
        SweepSampler.Random => new RandomSampler(parameters.Count, settings.Seed),
        SweepSampler.TreeParzen => new TreeParzenSampler(parameters, settings.Seed),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Sampler, "There is no such sampler."),
    };

    // What a trial's settings and scores depend on, but for the rows.
    private static string KeyOf(ImageClassificationOptions common, IReadOnlyList<SweepParameter> parameters, SweepSettings settings) => JsonSerializer.Serialize(new
    {
        Recipe = ArtifactManifest.Describe(common.ToRecipe(common.ToPreprocessing().Shape, common.Seed!.Value)),
        common.ValidationFraction,
        Parameters = parameters.Select(parameter => new { parameter.Name, Values = parameter.Grid(settings.GridSteps) }),
        settings.Sampler,
        settings.GridSteps,
        settings.Halving,
        settings.Seed,
    });
}
