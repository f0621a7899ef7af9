using System.CommandLine;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;

namespace Samples;

/// <summary>The options of <c>train</c>, except the source of the images. Options that are not given keep the trainer's defaults.</summary>
internal sealed class TrainOptions
{
    private const string FineTune = "fine-tune";
    private const string Paper = "paper";

    // Of a folder that is fine-tuned on.
    private const double DefaultTestFraction = 0.2;

    private readonly Option<string> _trainer = new("--trainer")
    {
        Description = $"The trainer. {string.Join("; ", TrainerNames.All.Select(entry => $"{entry.Key}, {entry.Value.What}"))}.",
        DefaultValueFactory = _ => TrainerNames.Default,
    };

    private readonly Option<string> _recipe = new("--recipe")
    {
        Description =
            "fine-tune: pretrained weights, settings chosen for the images, this machine and the time; paper: the trainer's paper, from scratch. "
            + "By default fine-tune for a folder of images, unless --trainer, a --backbone without --initial-weights, or a --head other than linear and multi-stage is given.",
    };
    private readonly Option<Effort> _effort = Of(
        "--effort",
        "Fine-tuning: Fast fits only the head, Balanced trains for about five minutes, Best for up to an hour.",
        Effort.Balanced
    );
    private readonly Option<TimeSpan?> _time = new("--time")
    {
        Description = "Fine-tuning: the time to spend, e.g. 90s, 5m, 2h.",
        CustomParser = result =>
        {
            if (TimeText.TryParse(result.Tokens[0].Value, out TimeSpan time))
            {
                return time;
            }

            result.AddError($"--time '{result.Tokens[0].Value}' is not a time above zero. Write 90s, 5m or 2h.");
            return null;
        },
    };

    // One line for each setting of the library's options. Parts of catalogs come first, so that later lines can set their properties.
    private readonly Setting[] _settings =
    [
        Setting.Value<string>(
            "--backbone",
            "The network, e.g. cifar-resnet-20, resnet-50; docs/NETWORKS.md lists them. By default, that of the initial weights.",
            "Backbone"
        ),
        Setting.Part("--head", "Head", "The network's head", HeadCatalog.Keys, HeadCatalog.Create),
        Setting.Part("--loss", "Loss", "The loss", LossCatalog.Keys, LossCatalog.Create),
        .. CommonSettings.Create(),
        Setting.Value<string>(
            "--initial-weights",
            "Initial weights: mlnet/resnet18, a file (safetensors, .pth) with the names of torchvision or timm, or a model (.zip, folder).",
            "InitialWeights"
        ),
        Setting.Flag("--allow-partial-weights", "Load what fits of the initial weights.", "AllowPartialWeights", true),
        Setting.Value<InputNormalization>("--input-normalization", "Which mean and std normalize the input.", "InputNormalization"),
        Setting.Value<int>("--stages", "feature-mining: the number of last stages to mine; 0 turns mining off.", "Stages"),
        Setting.Value<Segmentation>("--segmentation", "feature-mining: how features are split.", "Segmentation"),
        Setting.Value<BoxRule>("--box-rule", "feature-mining: how the random box is rounded and clipped to a feature map.", "BoxRule"),
        Setting.Number<int>("--size", "Height and width of the network's input in pixels.", 1, 4096, "ImageHeight", "ImageWidth"),
        Setting.Value<int>("--channels", "3 for color, 1 for gray.", "Channels"),
        Setting.Number<int>("--epochs", "Passes over the training images.", 0, 100_000, "Epochs"),
        Setting.Value<int>("--grad-accum-steps", "Number of batches to average gradients over for one step.", "GradientAccumulationSteps"),
        Setting.Value<double>("--momentum", "Momentum of the optimizer, if it has one.", "Optimizer.Momentum"),
        Setting.Flag("--no-decay-on-norm-and-bias", "No weight decay on BatchNorm and biases.", "NoDecayOnNormAndBias", true),
        Setting.Value<double>("--clip-grad-norm", "Clip gradients by their global norm at this value.", "ClipGradientNorm"),
        Setting.Value<Precision>("--precision", "Number format in training: bfloat16 is faster on GPUs and on CPUs with AVX512-BF16 or AMX.", "Precision"),
        Setting.Value<double>("--ema-decay", "Keep an exponential moving average of the weights with this decay, e.g. 0.999.", "EmaDecay"),
        Setting.Value<int>("--frozen-stages", "Fine-tuning: freeze the stem and the first N stages.", "FineTuning.FrozenStages"),
        Setting.Flag("--freeze-batch-norm", "Fine-tuning: BatchNorm keeps the statistics of the initial weights.", "FineTuning.FreezeBatchNorm", true),
        Setting.Value<double>(
            "--backbone-lr-factor",
            "Fine-tuning: the backbone's learning rate as a fraction of the head's.",
            "FineTuning.BackboneLearningRateFactor"
        ),
        Setting.Value<double>("--label-smoothing", "Label smoothing of the loss, if it has one.", "Loss.LabelSmoothing"),
        Setting.Value<double>("--crop-ratio", "The fraction of each side of the resized image that the network sees.", "CropRatio"),
        Setting.Value<int>("--padding", "Pixels of padding for the random crop.", "CropPadding"),
        Setting.Flag("--no-flip", "No horizontal flips (digits, text).", "HorizontalFlip", false),
        Setting.Value<KeepWeights>(
            "--keep",
            "Which weights to keep: those of the epoch with the best validation accuracy, or of the last epoch.",
            "KeepWeights"
        ),
        Setting.Value<int>("--patience", "Stop early after this many epochs without a better validation accuracy.", "EarlyStopping.Patience"),
        Setting.Value<UnreadableImageBehavior>(
            "--unreadable",
            "What to do with images that cannot be read: by default Skip when fine-tuning, else Throw.",
            "OnUnreadableImage"
        ),
        Setting.Value<double>("--max-skipped", "With '--unreadable Skip': fail if more than this fraction of the images cannot be read.", "MaxSkippedFraction"),
    ];

    private readonly Option<string[]> _strategies = Setting.Parts("--strategy", "Adds a strategy", StrategyCatalog.Keys, StrategyCatalog.Create);
    private readonly Option<string[]> _augmentations = Setting.Parts(
        "--augment",
        "Adds an augmentation; it replaces the trainer's own one with the same key",
        AugmentationCatalog.Keys,
        AugmentationCatalog.Create
    );
    private readonly Option<FileInfo?> _hierarchy = new("--hierarchy")
    {
        Description = "The class hierarchy for tree supervision: a file in Newick notation, or a saved model (.zip) to derive it from.",
    };
    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Any other option of the trainer by its name in the library, e.g. CenterLossWeight=0 or Head.Dropout=0.1.",
    };
    private readonly Option<bool> _verbose = new("--verbose") { Description = "Print all settings of the run, and all messages of the library's log." };
    private readonly Option<bool> _validateOnTest = new("--validate-on-test")
    {
        Description =
            "Validate on the held-out images after each epoch, for papers that report the highest accuracy of the run. With '--keep last', they do not select the weights.",
    };
    private readonly Option<double> _testFraction = Of(
        "--test-fraction",
        "Fraction of the images of each class to hold out for testing, unless test images are given.",
        0.0
    );
    private readonly Option<int> _topK = Of("--top-k", "Also report top-k accuracy for this k.", 5);
    private readonly MachineOptions _machine = new();
    private readonly RunFileOptions _files = new();
    private readonly Option<FileInfo?> _model = new("--model")
    {
        Description = "Save the model to this file, an ML.NET zip (default: a new file in the folder 'models').",
    };
    private readonly Option<bool> _noModel = new("--no-model") { Description = "Do not save the model." };

    public TrainOptions()
    {
        _trainer.AcceptOnlyFromAmong([.. TrainerNames.All.Keys]);
        _recipe.AcceptOnlyFromAmong(FineTune, Paper);
        _testFraction.Between(0, 0.99);
        _topK.Between(1, int.MaxValue);
    }

    /// <summary>Adds the settings and the options of one run: testing, workspace and report.</summary>
    public void AddTo(Command command)
    {
        AddSettingsTo(command);
        Array.ForEach<Option>([_recipe, _effort, _time, _noModel, _validateOnTest, _testFraction, _topK, _verbose], command.Options.Add);
        _files.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_noModel) && result.GetResult(_model) is not null)
            {
                result.AddError("Give --model or --no-model, not both.");
            }
        });
    }

    /// <summary>Adds the training settings and where to save the model.</summary>
    public void AddSettingsTo(Command command)
    {
        Option[] all = [_trainer, .. _settings.Select(setting => setting.Option), _strategies, _augmentations, _hierarchy, _set, _model];
        Array.ForEach(all, command.Options.Add);
        _machine.AddTo(command);
        command.Validators.Add(result =>
        {
            string trainer = result.GetValue(_trainer) ?? TrainerNames.Default;
            ImageClassificationOptions own = TrainerNames.All[trainer].Options();
            foreach (
                Setting setting in _settings.Where(setting => result.GetResult(setting.Option) is not null && own.GetType().GetProperty(setting.Root) is null)
            )
            {
                result.AddError($"{setting.Option.Name} is not an option of --trainer {trainer}.");
            }
        });
    }

    public string Trainer(ParseResult parsed) => parsed.GetValue(_trainer)!;

    /// <summary>Whether pretrained weights are fine-tuned, with settings chosen for the images.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="isFolder">Whether the images are a folder of the user, not a published data set.</param>
    public bool FineTunes(ParseResult parsed, bool isFolder) =>
        parsed.GetValue(_recipe) is { } recipe
            ? recipe == FineTune
            : isFolder
                && parsed.GetResult(_trainer) is null or { Implicit: true }
                && HeadOf(parsed) is null or LinearHead or MultiStageHead
                && (!IsGiven(parsed, nameof(ImageClassificationOptions.Backbone)) || IsGiven(parsed, nameof(TrainingOptions.InitialWeights)));

    /// <summary>Checks what can be checked before the images are read.</summary>
    /// <exception cref="ArgumentException">A setting is invalid.</exception>
    public void Check(ParseResult parsed, MLContext ml, bool fineTunes)
    {
        if (fineTunes && Trainer(parsed) != TrainerNames.Default)
        {
            throw new ArgumentException($"--recipe {FineTune} is for --trainer {TrainerNames.Default}.");
        }

        if (!fineTunes && new Option[] { _effort, _time }.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } unused)
        {
            throw new ArgumentException($"{unused.Name} is for fine-tuning: add --recipe {FineTune}, or leave it out.");
        }

        // Patches and a hierarchy need the images.
        if (fineTunes || (parsed.GetValue(_hierarchy) is null && Trainer(parsed) != TrainerNames.Patch))
        {
            ImageClassificationOptions settings = fineTunes ? Settings(parsed, BeforePlan, NoHierarchy) : Settings(parsed, NoHierarchy);
            // A plan chooses a head that can be fitted.
            _ = TrainerNames.All[Trainer(parsed)].Make(ml, fineTunes ? settings with { Head = settings.Head ?? new LinearHead() } : settings);
        }
    }

    // A few damaged files must not stop the first training on a folder; they are counted and reported.
    private static FeatureMiningOptions BeforePlan =>
        new()
        {
            OnUnreadableImage = UnreadableImageBehavior.Skip,
            FineTuning = new FineTuning { FitHead = true },
        };

    private static ClassHierarchy NoHierarchy(FileInfo file) => throw new ArgumentException($"--hierarchy needs --recipe {Paper}.");

    /// <summary>Settings for fine-tuning: chosen for the images, unless the command line gives them.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="ml">The context.</param>
    /// <param name="train">The training rows.</param>
    /// <param name="testImages">The number of images to score after training.</param>
    public (FineTuningPlan Plan, ImageClassificationOptions Settings) PlanFineTuning(ParseResult parsed, MLContext ml, IDataView train, int testImages)
    {
        FineTuningGoal goal = new()
        {
            Effort = parsed.GetValue(_effort),
            Time = parsed.GetValue(_time),
            ScoredImages = testImages,
            Options = (FeatureMiningOptions)Settings(parsed, BeforePlan, NoHierarchy),
        };
        FineTuningPlan plan = ml.MulticlassClassification.PlanFineTuning(train, goal);
        return (plan, Settings(parsed, plan.Options with { }, NoHierarchy));
    }

    /// <param name="parsed">The command line.</param>
    /// <param name="hierarchyOf">Reads a hierarchy from a file.</param>
    public ImageClassificationOptions Settings(ParseResult parsed, Func<FileInfo, ClassHierarchy> hierarchyOf) =>
        Settings(parsed, TrainerNames.All[Trainer(parsed)].Options(), hierarchyOf);

    private ImageClassificationOptions Settings(ParseResult parsed, ImageClassificationOptions own, Func<FileInfo, ClassHierarchy> hierarchyOf)
    {
        foreach (Setting setting in _settings)
        {
            setting.Apply(parsed, own);
        }

        ClassHierarchy? hierarchy = parsed.GetValue(_hierarchy) is { } file ? hierarchyOf(file) : null;
        if (own is VisualInductivePriorsOptions priors)
        {
            (own, hierarchy) = (priors with { Hierarchy = hierarchy }, null);
        }
        else if (own is PatchTrainingOptions patches)
        {
            own = patches with { SwitchEpoch = Math.Clamp(patches.Epochs / 2, 0, patches.SwitchEpoch) };
        }

        own = own with
        {
            WarmupEpochs = CommonSettings.WarmupEpochs(parsed, _settings, own),
            Strategies = [.. Strategies(parsed, hierarchy)],
            Augmentations = [.. Augmentations(parsed, own.Augmentations)],
            WorkspacePath = _files.Workspace(parsed)?.FullName,
        };
        Array.ForEach(parsed.GetValue(_set) ?? [], assignment => SettingText.Assign(own, assignment));
        return own;
    }

    /// <summary>The names of the settings given on the command line.</summary>
    public IEnumerable<string> Given(ParseResult parsed, ImageClassificationOptions options) =>
        [
            .. _settings.Where(setting => parsed.GetResult(setting.Option) is { Implicit: false }).SelectMany(setting => setting.Names),
            .. (parsed.GetValue(_set) ?? []).Select(assignment => SettingText.PropertyName(options, assignment)),
        ];

    private Head? HeadOf(ParseResult parsed) => (Head?)Array.Find(_settings, setting => setting.Root == nameof(TrainingOptions.Head))?.Read(parsed);

    private bool IsGiven(ParseResult parsed, string setting) => Array.Exists(_settings, other => other.Root == setting && other.Read(parsed) is not null);

    public bool IsVerbose(ParseResult parsed) => parsed.GetValue(_verbose);

    public bool ValidatesOnTest(ParseResult parsed) => parsed.GetValue(_validateOnTest);

    /// <param name="parsed">The command line.</param>
    /// <param name="fineTunes">Whether a folder of images is fine-tuned on; then some of them are held out by default.</param>
    public double TestFraction(ParseResult parsed, bool fineTunes) =>
        fineTunes && parsed.GetResult(_testFraction) is null or { Implicit: true } ? DefaultTestFraction : parsed.GetValue(_testFraction);

    public int TopK(ParseResult parsed) => parsed.GetValue(_topK);

    public int? Seed(ParseResult parsed) => (int?)Array.Find(_settings, setting => setting.Option.Name == "--seed")!.Read(parsed);

    public int? Gpu(ParseResult parsed) => _machine.Gpu(parsed);

    public Option ThreadsOption => _machine.ThreadsOption;

    public int? Threads(ParseResult parsed) => _machine.Threads(parsed);

    public FileInfo? Model(ParseResult parsed) => parsed.GetValue(_model);

    /// <summary>Tries, before the images are read, whether everything can be saved.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="name">A name for the model's file if the command line names none.</param>
    /// <param name="read">The files that are read.</param>
    /// <returns>The file to save the model to; null not to save it.</returns>
    public FileInfo? TryOutputs(ParseResult parsed, string name, IEnumerable<(string Option, FileInfo? File)> read)
    {
        FileInfo? model = parsed.GetValue(_noModel)
            ? null
            : parsed.GetValue(_model)
                ?? new FileInfo(Path.Combine("models", $"{name}-{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}.zip"));
        _files.Try(parsed, model, model is null ? null : new FileInfo(HeldOutList.PathOf(model)), [.. read]);
        if (model is not null)
        {
            HeldOutList.Try(model);
        }

        return model;
    }

    public FileInfo? Report(ParseResult parsed) => _files.Report(parsed);

    private IEnumerable<TrainingStrategy> Strategies(ParseResult parsed, ClassHierarchy? hierarchy)
    {
        IEnumerable<TrainingStrategy> given = (parsed.GetValue(_strategies) ?? []).Select(text => SettingText.Part(text, StrategyCatalog.Create));
        return hierarchy is null
            ? given
            : given
                .Where(strategy => strategy is not TreeSupervision)
                .Append(new TreeSupervision { Hierarchy = hierarchy, Weight = given.OfType<TreeSupervision>().FirstOrDefault()?.Weight ?? 1 });
    }

    // A given augmentation replaces the trainer's own one with the same key.
    private IEnumerable<ImageAugmentation> Augmentations(ParseResult parsed, IReadOnlyList<ImageAugmentation> own)
    {
        ImageAugmentation[] given = [.. (parsed.GetValue(_augmentations) ?? []).Select(text => SettingText.Part(text, AugmentationCatalog.Create))];
        return own.Where(part => !Array.Exists(given, other => other.Key == part.Key)).Concat(given);
    }

    private static Option<T> Of<T>(string name, string description, T value) => new(name) { Description = description, DefaultValueFactory = _ => value };
}
