using System.Text.Json;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.FeatureMining.Trainers;

namespace Microsoft.ML;

/// <summary>Adds the trainers of this library to ML.NET's catalog of multiclass trainers.</summary>
public static class ImageTrainerCatalog
{
    /// <summary>
    /// Trains an image classifier with Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318). For more settings, use the overload that takes
    /// <see cref="FeatureMiningOptions"/>.
    /// </summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="labelColumnName">The label column, a key.</param>
    /// <param name="imageColumnName">The image column: encoded bytes (a vector of unknown size), planar floats (a vector of known size), MLImage, or text
    /// (paths of files). The default stands for ImagePath if the rows have no column Image.</param>
    /// <param name="scoreColumnName">The output column of the class probabilities.</param>
    /// <param name="predictedLabelColumnName">The output column of the predicted label, a key.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">The number of passes over the training rows.</param>
    /// <param name="validationSet">Rows to validate on after each epoch. The model gets the weights of the best epoch; without a validation set, those of the
    /// last epoch.</param>
    public static FeatureMiningImageClassificationTrainer FeatureMining(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "cifar-resnet-56",
        int epochs = 300,
        IDataView? validationSet = null
    ) =>
        trainers.FeatureMining(
            ShortOptions.Of<FeatureMiningOptions>(labelColumnName, imageColumnName, scoreColumnName, predictedLabelColumnName, backbone, epochs, validationSet)
        );

    /// <summary>Trains an image classifier with Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318).</summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public static FeatureMiningImageClassificationTrainer FeatureMining(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        FeatureMiningOptions options
    )
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(options);
        return new FeatureMiningImageClassificationTrainer(Internals.EnvironmentOf(trainers), options);
    }

    /// <summary>
    /// Trains an image classifier with the Split-and-Share Module (Lee et al. 2021). For more settings, use the overload that takes <see cref="SsmOptions"/>.
    /// </summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="labelColumnName">The label column, a key.</param>
    /// <param name="imageColumnName">The image column: encoded bytes (a vector of unknown size), planar floats (a vector of known size), MLImage, or text
    /// (paths of files). The default stands for ImagePath if the rows have no column Image.</param>
    /// <param name="scoreColumnName">The output column of the class probabilities.</param>
    /// <param name="predictedLabelColumnName">The output column of the predicted label, a key.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">The number of passes over the training rows.</param>
    /// <param name="validationSet">Rows to validate on after each epoch. The model gets the weights of the best epoch; without a validation set, those of the
    /// last epoch.</param>
    public static SsmTrainer Ssm(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "resnet-50",
        int epochs = 90,
        IDataView? validationSet = null
    ) =>
        trainers.Ssm(ShortOptions.Of<SsmOptions>(labelColumnName, imageColumnName, scoreColumnName, predictedLabelColumnName, backbone, epochs, validationSet));

    /// <summary>Trains an image classifier with the Split-and-Share Module (Lee et al. 2021).</summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public static SsmTrainer Ssm(this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers, SsmOptions options)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(options);
        return new SsmTrainer(Internals.EnvironmentOf(trainers), options);
    }

    /// <summary>
    /// Trains an image classifier from few images with the Visual Inductive Priors Framework (Sun et al. 2020). For more settings, use the overload that takes
    /// <see cref="VisualInductivePriorsOptions"/>. The warm-up takes 5 epochs, but at most a tenth of all epochs.
    /// </summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="labelColumnName">The label column, a key.</param>
    /// <param name="imageColumnName">The image column: encoded bytes (a vector of unknown size), planar floats (a vector of known size), MLImage, or text
    /// (paths of files). The default stands for ImagePath if the rows have no column Image.</param>
    /// <param name="scoreColumnName">The output column of the class probabilities.</param>
    /// <param name="predictedLabelColumnName">The output column of the predicted label, a key.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">The number of passes over the training rows.</param>
    /// <param name="validationSet">Rows to validate on after each epoch. The model gets the weights of the best epoch; without a validation set, those of the
    /// last epoch.</param>
    public static VisualInductivePriorsTrainer VisualInductivePriors(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "dsk-resnext-50-32x4d",
        int epochs = 360,
        IDataView? validationSet = null
    ) =>
        trainers.VisualInductivePriors(
            ShortOptions.Of<VisualInductivePriorsOptions>(
                labelColumnName,
                imageColumnName,
                scoreColumnName,
                predictedLabelColumnName,
                backbone,
                epochs,
                validationSet
            )
        );

    /// <summary>Trains an image classifier from few images with the Visual Inductive Priors Framework (Sun et al. 2020).</summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public static VisualInductivePriorsTrainer VisualInductivePriors(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        VisualInductivePriorsOptions options
    )
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(options);
        return new VisualInductivePriorsTrainer(Internals.EnvironmentOf(trainers), options);
    }
}

/// <summary>Plans of fine-tuning.</summary>
public static class FineTuningCatalog
{
    /// <summary>
    /// Chooses the settings for fine-tuning a pretrained network on these rows: image size, batch size and epochs, by the number of rows, the speed of this
    /// machine and the time that may be spent. Reads the labels and the sizes of some images, and times the network for about a second. With a
    /// <see cref="ImageTrainerOptions.WorkspacePath"/>, the measured speed is kept there, so that the same call makes the same plan; processes that train
    /// together use that of rank 0.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="rows">The training rows; the label is a key, text or a number.</param>
    /// <param name="goal">What to plan for; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The label column is missing or has another type, the time is not above zero, or ScoredImages is
    /// negative.</exception>
    /// <exception cref="InvalidOperationException">There are fewer than two classes.</exception>
    /// <exception cref="ArgumentException">The initial weights cannot be used.</exception>
    /// <exception cref="IOException">The workspace cannot be written.</exception>
    public static FineTuningPlan PlanFineTuning(this MulticlassClassificationCatalog catalog, IDataView rows, FineTuningGoal? goal = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(rows);
        goal ??= new FineTuningGoal();
        if (goal.Time is { } time)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero, nameof(goal));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(goal.ScoredImages, nameof(goal));

        int[] rowsPerClass = [.. RowClasses.Read(rows, goal.Options.LabelColumnName).Counts().Where(count => count > 0)];
        if (rowsPerClass.Length < 2)
        {
            throw new InvalidOperationException(
                $"Column '{goal.Options.LabelColumnName}' has {rowsPerClass.Length} class{(rowsPerClass.Length == 1 ? "" : "es")}; at least 2 are needed."
            );
        }

        FeatureMiningOptions options = goal.Options with { InitialWeights = goal.Options.InitialWeights ?? PretrainedWeights.ResNet18 };
        FineTuningPlanner.Check(options);
        InputSettings input = InputSettings.Of(options);
        StepTimes times = MeasuredSpeed.Of(options, input.Backbone, ComputeDevice.Of(Internals.EnvironmentOf(catalog)));
        int? side = SampledSizes.MedianSide(rows, rowsPerClass.Sum(), ImageColumn.TrainingName(rows.Schema, options.ImageColumnName), options.MaxPixels);
        return FineTuningPlanner.Of(goal with { Options = options }, rowsPerClass, times, input, side).Plan();
    }
}

/// <summary>Ensembles of models.</summary>
public static class EnsembleExtensions
{
    /// <summary>
    /// Combines several image classifiers into one model. Its Score is the weighted mean of their probabilities. The members may have different networks, image
    /// sizes and test-time augmentation, but must have the same classes in the same order. The other steps of the pipeline (such as MapValueToKey and
    /// LoadRawImageBytes) and the column names are those of the first model.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="models">Each is an <see cref="ImageClassificationTransformer"/> or a chain that contains one. The ensemble uses their networks, not copies;
    /// disposing the ensemble disposes them.</param>
    /// <param name="weights">One weight per model, above 0; null for equal weights. Sun et al. (2020) use weight 3 for the best models and 1 for the
    /// others.</param>
    /// <returns>An <see cref="ImageEnsembleTransformer"/>; if the first model is a chain, that chain with the ensemble in place of its classifier.</returns>
    /// <exception cref="ArgumentException">The models cannot be combined; the message says why.</exception>
    public static ITransformer Ensemble(this MulticlassClassificationCatalog catalog, IReadOnlyList<ITransformer> models, IReadOnlyList<double>? weights = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(models);
        ImageEnsembleTransformer ensemble = new([.. models.Select(TransformerChains.ClassifierOf)], weights ?? [.. models.Select(_ => 1.0)]);
        return TransformerChains.Replace(models[0], part => part is ImageClassificationTransformer ? ensemble : part);
    }
}

/// <summary>Detailed evaluation, in addition to ML.NET's Evaluate.</summary>
public static class EvaluationExtensions
{
    /// <summary>Evaluates scored rows in detail: metrics per class, confused pairs, the rows with the highest loss, calibration.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="scored">The output of a model's Transform.</param>
    /// <param name="labelColumnName">The label column, a key with the same classes as the scores.</param>
    /// <param name="scoreColumnName">The column of class probabilities.</param>
    /// <param name="worst">The number of rows with the highest loss to report. Their files are taken from the text column ImagePath, if it exists.</param>
    /// <returns>The metrics, and in <see cref="ClassificationReport.Coverage"/> which rows were left out. ML.NET's own Evaluate leaves out the same rows
    /// silently. A class name in another Unicode normalization form is the same class.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type, or label and score have different classes.</exception>
    /// <exception cref="InvalidOperationException">There is no row to measure; the message says why.</exception>
    public static ClassificationReport EvaluateInDetail(
        this MulticlassClassificationCatalog catalog,
        IDataView scored,
        string labelColumnName = "Label",
        string scoreColumnName = "Score",
        int worst = 24
    ) => catalog.EvaluateShard(scored, labelColumnName, scoreColumnName, worst).OrNothing();

    /// <summary>
    /// Evaluates a part of the rows, for <see cref="ClassificationReport.Merge"/>. Unlike in EvaluateInDetail, there need not be a row to measure.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="scored">The output of a model's Transform on this part of the rows.</param>
    /// <param name="labelColumnName">The label column, a key with the same classes as the scores.</param>
    /// <param name="scoreColumnName">The column of class probabilities.</param>
    /// <param name="worst">The number of rows with the highest loss to report.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type, or label and score have different classes.</exception>
    public static ClassificationReport EvaluateShard(
        this MulticlassClassificationCatalog catalog,
        IDataView scored,
        string labelColumnName = "Label",
        string scoreColumnName = "Score",
        int worst = 24
    )
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(scored);
        ArgumentOutOfRangeException.ThrowIfNegative(worst);
        return ScoredRowReader.Read(scored, labelColumnName, scoreColumnName, worst);
    }
}

/// <summary>
/// Searches for the best settings of a trainer. In addition to AutoML: early stopping by epochs, trials that resume, and the same validation split for all
/// trials.
/// </summary>
public static class SweepExtensions
{
    // Used if the options hold no rows out: accuracy on training rows would be meaningless.
    private const double DefaultValidationFraction = 0.2;

    /// <summary>
    /// Trains a pipeline with many settings and compares the validation accuracies, all on the same split. A failed trial does not end the sweep. To resume a
    /// sweep that was canceled or killed, make the same call again. Several processes that make the same call share the trials, also if mpirun or srun
    /// started them; each trial is trained by one process. Each returns when there is no trial left for it, with the results so far.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="rows">The rows to fit the pipeline to.</param>
    /// <param name="baseline">The settings that stay fixed. Without validation rows, a fifth of each class is held out. Without a seed, the sweep's seed is
    /// used. The sweep sets the workspace, the number of checkpoints and the cancellation; their CancellationToken, too, stops the sweep.</param>
    /// <param name="pipeline">Creates the pipeline from the options of a trial. It must contain exactly one trainer of this library.</param>
    /// <param name="settings">The settings of the sweep.</param>
    /// <exception cref="ArgumentException">Some settings cannot be used; the message lists them all.</exception>
    /// <exception cref="InvalidDataException">The folder contains another sweep, or its journal is damaged.</exception>
    /// <exception cref="IOException">The folder is not writable.</exception>
    public static SweepResult<TOptions> Sweep<TOptions>(
        this MulticlassClassificationCatalog catalog,
        IDataView rows,
        TOptions baseline,
        Func<TOptions, IEstimator<ITransformer>> pipeline,
        SweepSettings settings
    )
        where TOptions : ImageClassificationOptions
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(baseline);
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(settings);
        TOptions common = Common(baseline, settings);
        (IReadOnlyList<SweepParameter> parameters, IReadOnlyList<string> excluded) =
            settings.Parameters.Count > 0
                ? (settings.Parameters, [])
                : (AttributeParameters.Of(common, settings.ExcludedParameters), settings.ExcludedParameters);
        string[] problems = [.. settings.Problems(), .. SweptOptions.Problems(common, parameters, excluded)];
        if (problems.Length == 0)
        {
            problems = [.. SweptOptions.ProblemsOfEveryTrial(common, parameters)];
        }

        if (problems.Length > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(settings));
        }

        TrialFolders folders = new(Path.Combine(settings.Folder, "runs"));
        TrialTrainer<TOptions> trainer = new(rows, common, folders, pipeline);
        SweepPlan plan = new(parameters, SamplerOf(settings, parameters), baseline.Epochs, settings.Halving)
        {
            Trials = settings.Trials,
            TimeLimit = settings.TimeLimit,
        };
        SweepJournal journal = new(settings.Folder, KeyOf(common, parameters, settings), parameters);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(settings.CancellationToken, baseline.CancellationToken);
        new SweepRunner(plan, journal, trainer.Train, () => folders.Prune(journal.Trials), settings.Progress).Run(stop.Token);
        // What other processes have done, if there was nothing left to do for this one.
        return journal.Hold(() =>
        {
            folders.Prune(journal.Trials);
            return new SweepResult<TOptions>(parameters, [.. journal.Trials], trainer.GetOptions);
        });
    }

    private static TOptions Common<TOptions>(TOptions baseline, SweepSettings settings)
        where TOptions : ImageClassificationOptions =>
        (TOptions)(
            baseline with
            {
                Seed = baseline.Seed ?? settings.Seed,
                ValidationFraction = baseline.ValidationFraction ?? (baseline.ValidationSet is null ? DefaultValidationFraction : null),
                // One checkpoint per trial saves disk space: a damaged one costs a trial, not the sweep.
                KeepCheckpoints = 1,
            }
        );

    private static ISampler SamplerOf(SweepSettings settings, IReadOnlyList<SweepParameter> parameters) =>
        settings.Sampler switch
        {
            SweepSampler.Grid => new GridSampler(parameters, settings.GridSteps, settings.Seed),
            SweepSampler.Random => new RandomSampler(parameters.Count, settings.Seed),
            SweepSampler.TreeParzen => new TreeParzenSampler(parameters, settings.Seed),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Sampler, "Unknown sampler; use Grid, Random or TreeParzen."),
        };

    // Everything except the rows that the settings and scores of trials depend on.
    private static string KeyOf(ImageClassificationOptions common, IReadOnlyList<SweepParameter> parameters, SweepSettings settings) =>
        JsonSerializer.Serialize(
            new
            {
                Recipe = ModelManifest.Describe(common.ToRecipe(common.ToPreprocessing().Shape, common.Seed!.Value)),
                common.ValidationFraction,
                Parameters = parameters.Select(parameter => new { parameter.Name, Values = parameter.Grid(settings.GridSteps) }),
                settings.Sampler,
                settings.GridSteps,
                settings.Halving,
                settings.Seed,
            }
        );
}
