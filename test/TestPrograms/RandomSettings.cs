using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace TestPrograms;

/// <summary>A trainer of <see cref="RandomSettings"/>; MultiLabel is the trainer of PatchTraining without patches.</summary>
internal enum RandomTrainer
{
    FeatureMining,
    Ssm,
    VisualInductivePriors,
    PatchTraining,
    MultiLabel,
    RetinaNet,
}

/// <summary>Settings of a small training that are drawn by a seed: trainer, strategies, storage, optimizer and more. The same seed gives the same.</summary>
internal sealed class RandomSettings
{
    private const string Small = "cifar-resnet-8";

    private readonly Random _random;
    private readonly string _teacher;
    private readonly ImageTrainerOptions _options;
    private readonly bool _keepsImages;

    private RandomSettings(Random random, RandomTrainer trainer, string teacher)
    {
        (_random, Trainer, _teacher) = (random, trainer, teacher);
        _options = DrawOptions();
        _keepsImages = _options.Storage == ImageStorage.Disk && Half();
    }

    public RandomTrainer Trainer { get; }

    /// <summary>Height and width of the images.</summary>
    public int Side => SideOf(Trainer);

    public static int SideOf(RandomTrainer trainer) => trainer == RandomTrainer.RetinaNet ? 64 : 12;

    /// <summary>The trainers take turns.</summary>
    public static RandomTrainer TrainerOf(int seed)
    {
        RandomTrainer[] trainers = Enum.GetValues<RandomTrainer>();
        return trainers[seed % trainers.Length];
    }

    /// <summary>Everything but the trainer is drawn again until the settings fit together.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="teacher">The folder of the teacher of <see cref="TeacherDistillation"/>.</param>
    public static RandomSettings Draw(int seed, string teacher)
    {
        // Neighboring seeds of Random draw similar numbers.
        Random random = new(unchecked(seed * (int)0x9E3779B1));
        while (true)
        {
            RandomSettings settings = new(random, TrainerOf(seed), teacher);
            if (settings.CanTrain)
            {
                return settings;
            }
        }
    }

    /// <summary>Creates the trainer, with the files of a run in a folder.</summary>
    public IEstimator<ITransformer> Create(MLContext ml, string folder, IDataView rows)
    {
        ImageTrainerOptions options = _options with
        {
            WorkspacePath = Path.Combine(folder, "workspace"),
            CacheFolder = _keepsImages ? Path.Combine(folder, "cache") : null,
        };
        return options switch
        {
            FeatureMiningOptions mining => ml.MulticlassClassification.Trainers.FeatureMining(mining),
            SsmOptions ssm => ml.MulticlassClassification.Trainers.Ssm(ssm),
            VisualInductivePriorsOptions priors => ml.MulticlassClassification.Trainers.VisualInductivePriors(priors),
            PatchTrainingOptions { SwitchEpoch: > 0 } patches => ml.MultilabelClassification()
                .Trainers.PatchTraining(patches with { PatchSet = rows, PatchLabelColumnName = "Class" }),
            PatchTrainingOptions labels => ml.MultilabelClassification().Trainers.PatchTraining(labels),
            _ => ml.ObjectDetection().Trainers.RetinaNet((RetinaNetOptions)options),
        };
    }

    public override string ToString()
    {
        string strategies = string.Join('+', Recipe.Strategies.Select(strategy => strategy.Key));
        string augmentations = string.Join('+', _options.Augmentations.Select(augmentation => augmentation.Key));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Trainer}, {_options.Optimizer.Key}, strategies {strategies}, augmentations {augmentations}, {_options.ImageColumnName}, {_options.Storage}"
                + $"{(_keepsImages ? " kept" : "")}, batch {_options.BatchSize}x{_options.GradientAccumulationSteps}, EMA {_options.EmaDecay}, clip "
                + $"{_options.ClipGradientNorm}, {_options.Schedule.Key}, {_options.Precision}, {_options.Sampling}, frozen {_options.FineTuning.FrozenStages}"
                + $", resizing {_options.ProgressiveResizing.StartFraction}, validation {_options.ValidationFraction}, checkpoint {_options.CheckpointEverySteps}"
        );
    }

    private TrainingRecipe Recipe => _options.ToRecipe(_options.ToPreprocessing().Shape, seed: 0);

    // Rows that are streamed in their order cannot be drawn in another one. A patch set is set later.
    private bool CanTrain =>
        OptionsCheck.Problems(_options).All(problem => problem.Contains("PatchSet is null", StringComparison.Ordinal))
        && (
            _options is not { Storage: ImageStorage.Stream, ImageColumnName: "Image" }
            || Has(Sampling.Shuffled, StrategyTraits.OrdersImages | StrategyTraits.DrawsImages)
        )
        && (_options is not PatchTrainingOptions || Has(Sampling.Shuffled, StrategyTraits.NeedsOneClass));

    private bool Has(Sampling sampling, StrategyTraits without) =>
        _options.Sampling == sampling && Recipe.Strategies.All(strategy => (strategy.Traits & without) == 0);

    private ImageTrainerOptions DrawOptions() =>
        Trainer switch
        {
            RandomTrainer.FeatureMining => Classifier(
                new FeatureMiningOptions
                {
                    Stages = _random.Next(4),
                    Segmentation = Pick(Enum.GetValues<Segmentation>()),
                    MaskPerImage = Half(),
                    Loss = Pick<ClassificationLoss>([new CrossEntropyLoss(), new CrossEntropyLoss { LabelSmoothing = 0.1 }, new FocalLoss()]),
                }
            ),
            RandomTrainer.Ssm => Classifier(new SsmOptions()),
            RandomTrainer.VisualInductivePriors => Classifier(
                new VisualInductivePriorsOptions { Hierarchy = Half() ? ClassHierarchy.Parse("((0,1),2);") : null }
            ) with
            {
                Backbone = Pick([Small, "dsk-resnext-14-1x4d-cifar-stem"]),
            },
            RandomTrainer.PatchTraining => Classifier(
                new PatchTrainingOptions
                {
                    SwitchEpoch = 2,
                    Head = new VggPatchHead { HiddenUnits = 8 },
                }
            ),
            RandomTrainer.MultiLabel => Classifier(
                new PatchTrainingOptions
                {
                    SwitchEpoch = 0,
                    Head = new VggPatchHead { HiddenUnits = 8 },
                }
            ),
            _ => Common(
                new RetinaNetOptions
                {
                    Backbone = "resnext-14-1x4d",
                    InitialWeights = null,
                    ImageSize = Side,
                    Network = new RetinaNetSettings { Channels = 8, HeadLayers = 1 },
                }
            ) with
            {
                CheckpointEverySteps = 3,
            },
        };

    private ImageClassificationOptions Classifier(ImageClassificationOptions options) =>
        (ImageClassificationOptions)Common(options) with
        {
            Backbone = Small,
            ImageHeight = Side,
            ImageWidth = Side,
            CropPadding = _random.Next(3),
            ClassWeighting = Half() ? ClassWeighting.None : Pick(Enum.GetValues<ClassWeighting>()),
            Sampling = Half() ? Sampling.Shuffled : Sampling.Balanced,
            Strategies = [.. Some(StrategyCatalog.Keys, 4).Select(Strategy)],
            ProgressiveResizing = Half()
                ? new ProgressiveResizing()
                : new ProgressiveResizing
                {
                    StartFraction = 0.5,
                    Until = 0.5,
                    SizeMultiple = 4,
                },
        };

    private ImageTrainerOptions Common(ImageTrainerOptions options)
    {
        string optimizer = Pick([.. OptimizerCatalog.Keys]);
        return options with
        {
            ImageColumnName = Pick(["Image", "ImagePath"]),
            Epochs = 6,
            BatchSize = Pick([4, 5, 8]),
            GradientAccumulationSteps = Pick([1, 1, 2, 3]),
            Optimizer = OptimizerCatalog.Create(optimizer),
            LearningRate = optimizer == "sgd" ? 0.01 : 1e-3,
            NoDecayOnNormAndBias = Half(),
            ClipGradientNorm = Half() ? null : Pick([0.1, 1]),
            EmaDecay = Half() ? null : 0.9,
            Precision = _random.Next(5) == 0 ? Precision.BFloat16 : Precision.Float32,
            Schedule = Pick<LearningRateSchedule>([.. ScheduleCatalog.Keys.Select(ScheduleCatalog.Create)]),
            WarmupEpochs = Pick([0, 0.5]),
            Augmentations = [.. Some(AugmentationCatalog.Keys, 3).Select(AugmentationCatalog.Create)],
            FineTuning = Pick([
                new FineTuning(),
                new FineTuning(),
                new FineTuning { FrozenStages = 1 },
                new FineTuning { BackboneLearningRateFactor = 0.1, LayerDecay = 0.8 },
            ]),
            ValidationFraction = Half() ? null : 0.2,
            KeepWeights = Pick(Enum.GetValues<KeepWeights>()),
            Storage = Pick([ImageStorage.Memory, ImageStorage.Disk, ImageStorage.Stream]),
            ShuffleBufferSize = Pick([8, 4096]),
            CheckpointEverySteps = Pick([1, 1, 2, 3]),
            Seed = _random.Next(),
        };
    }

    private TrainingStrategy Strategy(string key) =>
        StrategyCatalog.Create(key) switch
        {
            TreeSupervision => new TreeSupervision { Hierarchy = ClassHierarchy.Parse("((0,1),2);") },
            TeacherDistillation => new TeacherDistillation { Teacher = _teacher },
            TrainingStrategy other => other,
        };

    private bool Half() => _random.Next(2) == 0;

    private T Pick<T>(IReadOnlyList<T> values) => values[_random.Next(values.Count)];

    private string[] Some(IReadOnlyList<string> keys, int most)
    {
        string[] mixed = [.. keys];
        _random.Shuffle(mixed);
        return mixed[..(_random.Next(most + 1))];
    }
}
