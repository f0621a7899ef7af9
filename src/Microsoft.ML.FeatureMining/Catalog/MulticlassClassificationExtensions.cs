using System.Text.Json;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.FeatureMining.Trainers;

namespace Microsoft.ML;

/// <summary>Puts the trainers of this library where ML.NET's own are.</summary>
public static class ImageTrainerCatalog
{
    /// <summary>
    /// Trains an image classifier with Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318). More settings: the overload that takes
    /// <see cref="FeatureMiningOptions"/>.
    /// </summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="labelColumnName">The label, a key.</param>
    /// <param name="imageColumnName">The pictures: encoded bytes (of unknown size), planar floats (of known size) or MLImage.</param>
    /// <param name="scoreColumnName">Out: the probabilities of the classes.</param>
    /// <param name="predictedLabelColumnName">Out: the key of the most probable class.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">Passes over the training rows.</param>
    /// <param name="validationSet">Rows to validate on after each epoch; the best epoch's weights become the model. Without them, the last epoch's do.</param>
    public static FeatureMiningImageClassificationTrainer FeatureMining(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "cifar-resnet-56",
        int epochs = 300,
        IDataView? validationSet = null) =>
        trainers.FeatureMining(ShortOptions.Of<FeatureMiningOptions>(labelColumnName, imageColumnName, scoreColumnName, predictedLabelColumnName, backbone, epochs, validationSet));

    /// <summary>Trains an image classifier with Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318).</summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public static FeatureMiningImageClassificationTrainer FeatureMining(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers, FeatureMiningOptions options)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(options);
        return new FeatureMiningImageClassificationTrainer(Internals.EnvironmentOf(trainers), options);
    }

    /// <summary>
    /// Trains an image classifier with the Split-and-Share Module (Lee et al. 2021). More settings: the overload that takes
    /// <see cref="SsmOptions"/>.
    /// </summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="labelColumnName">The label, a key.</param>
    /// <param name="imageColumnName">The pictures: encoded bytes (of unknown size), planar floats (of known size) or MLImage.</param>
    /// <param name="scoreColumnName">Out: the probabilities of the classes.</param>
    /// <param name="predictedLabelColumnName">Out: the key of the most probable class.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">Passes over the training rows.</param>
    /// <param name="validationSet">Rows to validate on after each epoch; the best epoch's weights become the model. Without them, the last epoch's do.</param>
    public static SsmTrainer Ssm(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "resnet-50",
        int epochs = 90,
        IDataView? validationSet = null) =>
        trainers.Ssm(ShortOptions.Of<SsmOptions>(labelColumnName, imageColumnName, scoreColumnName, predictedLabelColumnName, backbone, epochs, validationSet));

    /// <summary>Trains an image classifier with the Split-and-Share Module (Lee et al. 2021).</summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public static SsmTrainer Ssm(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers, SsmOptions options)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(options);
        return new SsmTrainer(Internals.EnvironmentOf(trainers), options);
    }

    /// <summary>
    /// Trains an image classifier from few images with the Visual Inductive Priors Framework (Sun et al. 2020). More settings: the overload that takes
    /// <see cref="VisualInductivePriorsOptions"/>. The warm-up takes 5 epochs, but no more than a tenth of all.
    /// </summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="labelColumnName">The label, a key.</param>
    /// <param name="imageColumnName">The pictures: encoded bytes (of unknown size), planar floats (of known size) or MLImage.</param>
    /// <param name="scoreColumnName">Out: the probabilities of the classes.</param>
    /// <param name="predictedLabelColumnName">Out: the key of the most probable class.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">Passes over the training rows.</param>
    /// <param name="validationSet">Rows to validate on after each epoch; the best epoch's weights become the model. Without them, the last epoch's do.</param>
    public static VisualInductivePriorsTrainer VisualInductivePriors(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "dsk-resnext-50-32x4d",
        int epochs = 360,
        IDataView? validationSet = null) =>
        trainers.VisualInductivePriors(ShortOptions.Of<VisualInductivePriorsOptions>(labelColumnName, imageColumnName, scoreColumnName, predictedLabelColumnName, backbone, epochs, validationSet));

    /// <summary>Trains an image classifier from few images with the Visual Inductive Priors Framework (Sun et al. 2020).</summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public static VisualInductivePriorsTrainer VisualInductivePriors(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers, VisualInductivePriorsOptions options)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(options);
        return new VisualInductivePriorsTrainer(Internals.EnvironmentOf(trainers), options);
    }
}

/// <summary>Models that score together.</summary>
public static class EnsembleExtensions
{
    /// <summary>
    /// Makes one model of several image classifiers: its Score is the weighted mean of their probabilities. Networks, sizes of pictures and views may differ; classes and their order
    /// may not. The steps around the classifier, such as MapValueToKey and LoadRawImageBytes, and the names of the columns are those of the first model.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="models">Each an <see cref="ImageClassificationTransformer"/> or a chain with one in it. The ensemble scores with their memory: they are disposed of together.</param>
    /// <param name="weights">One a model, above 0; null gives all the same. The priors framework (Sun et al. 2020) gives 3 to its best models and 1 to the rest.</param>
    /// <returns>An <see cref="ImageEnsembleTransformer"/>, in the first model's chain where that is one.</returns>
    /// <exception cref="ArgumentException">The models do not go together; the message says why.</exception>
    public static ITransformer Ensemble(this MulticlassClassificationCatalog catalog, IReadOnlyList<ITransformer> models, IReadOnlyList<double>? weights = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(models);
        ImageEnsembleTransformer ensemble = new([.. models.Select(TransformerChains.ClassifierOf)], weights ?? [.. models.Select(_ => 1.0)]);
        return TransformerChains.Replace(models[0], part => part is ImageClassificationTransformer ? ensemble : part);
    }
}

/// <summary>What ML.NET's Evaluate does not tell.</summary>
public static class EvaluationExtensions
{
    /// <summary>Measures scored rows in detail: each class, the confused pairs, the worst rows, calibration.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="scored">What a model's Transform gave; nothing but scores and labels is kept.</param>
    /// <param name="labelColumnName">The label, a key of the classes that the scores are of.</param>
    /// <param name="scoreColumnName">The probabilities.</param>
    /// <param name="worst">How many of the rows with the highest loss to name; their files are taken from a text column ImagePath, where there is one.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or label and score are of different classes.</exception>
    public static ClassificationReport EvaluateInDetail(
        this MulticlassClassificationCatalog catalog, IDataView scored, string labelColumnName = "Label", string scoreColumnName = "Score", int worst = 24)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(scored);
        ArgumentOutOfRangeException.ThrowIfNegative(worst);
        return ScoredRowReader.Read(scored, labelColumnName, scoreColumnName, worst);
    }
}

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
        IReadOnlyList<SweepParameter> parameters = settings.Parameters.Count > 0 ? settings.Parameters : AttributeParameters.Of(baseline, settings.ExcludedParameters);
        string[] problems = [.. settings.Problems(), .. SweptOptions.Problems(baseline, parameters, settings.ExcludedParameters)];
        if (problems.Length == 0)
            problems = [.. SweptOptions.ProblemsOfAnyTrial(baseline, parameters)];
        if (problems.Length > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(settings));
        TOptions common = Common(baseline, settings);
        TrialFolders folders = new(Path.Combine(settings.Folder, "runs"));
        TrialTrainer<TOptions> trainer = new(rows, common, folders, pipeline);
        SweepPlan plan = new(parameters, SamplerOf(settings, parameters), baseline.Epochs, settings.Halving) { Trials = settings.Trials, TimeLimit = settings.TimeLimit };
        using SweepJournal journal = new(settings.Folder, KeyOf(common, parameters, settings), parameters);
        // Where a process died between the two, there is something left to remove.
        folders.Prune(journal.Trials);
        IReadOnlyList<SweepTrial> trials = new SweepRunner(plan, journal, trainer.Train, Report).Run(settings.CancellationToken);
        return new SweepResult<TOptions>(parameters, [.. trials], trainer.GetOptions);

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
