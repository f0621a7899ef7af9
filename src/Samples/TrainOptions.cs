using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Samples;

/// <summary>The options of <c>train</c> that are not about where the pictures are. What is not given stays as the trainer has it.</summary>
internal sealed class TrainOptions
{
    private readonly Option<string> _trainer = new("--trainer")
    {
        Description = $"How to train: {string.Join("; ", TrainerNames.All.Select(entry => $"{entry.Key}, {entry.Value.What}"))}.",
        DefaultValueFactory = _ => TrainerNames.Default,
    };

    private readonly Option<string?> _backbone = new("--backbone") { Description = "The network, e.g. cifar-resnet-20, resnet-50; NETWORKS.md lists them." };
    private readonly Option<string?> _head = new("--head") { Description = "feature-mining: the network's head, e.g. ssm, dual-pool-dropout-0.2." };
    private readonly Option<FileInfo?> _weights = new("--initial-weights") { Description = "Weights to begin with, in safetensors, under torchvision's, timm's or an exported model's names." };
    private readonly Option<int?> _stages = new("--stages") { Description = "feature-mining: last stages that are cut; 0 trains plainly." };
    private readonly Option<Segmentation?> _segmentation = new("--segmentation") { Description = "feature-mining: how they are cut." };
    private readonly Option<string[]> _strategies = Parts("--strategy", "One more strategy", StrategyCatalog.Keys, StrategyCatalog.Create);
    private readonly Option<string[]> _augmentations = Parts("--augment", "One more change of the training pictures, in the place of the trainer's own of that kind", AugmentationCatalog.Keys, AugmentationCatalog.Create);
    private readonly Option<string[]> _loss = Parts("--loss", "What is minimized", LossCatalog.Keys, LossCatalog.Create);
    private readonly Option<FileInfo?> _hierarchy = new("--hierarchy") { Description = "Tree supervision follows this: a file in Newick notation, or a saved model (.zip) whose classifier gives it." };
    private readonly Option<int?> _size = new("--size") { Description = "Pixels a side that the network sees." };
    private readonly Option<int?> _channels = new("--channels") { Description = "3: color, 1: gray." };
    private readonly Option<int?> _epochs = new("--epochs") { Description = "Passes over the training pictures." };
    private readonly Option<int?> _batch = new("--batch") { Description = "Pictures a step." };
    private readonly Option<int?> _accumulate = new("--accumulate") { Description = "Batches whose gradients make one step." };
    private readonly Option<double?> _rate = new("--lr") { Description = "Learning rate." };
    private readonly Option<string[]> _optimizer = Parts("--optimizer", "The rule of a step, where it is not SGD with --momentum", OptimizerCatalog.Keys, OptimizerCatalog.Create);
    private readonly Option<double?> _momentum = new("--momentum") { Description = "Momentum; 0 is none." };
    private readonly Option<double?> _decay = new("--weight-decay") { Description = "Weight decay." };
    private readonly Option<bool> _noDecay = new("--no-decay-on-norm-and-bias") { Description = "No weight decay on BatchNorm and biases." };
    private readonly Option<double?> _maxNorm = new("--max-gradient-norm") { Description = "Scale longer gradients down to this norm." };
    private readonly Option<double?> _average = new("--ema-decay") { Description = "Average the weights over the steps with this decay, e.g. 0.999." };
    private readonly Option<int?> _frozenStages = new("--frozen-stages") { Description = "Fine-tuning: first stages, with the stem, that stay as they are." };
    private readonly Option<bool> _freezeNorm = new("--freeze-batch-norm") { Description = "Fine-tuning: BatchNorm keeps the statistics of the initial weights." };
    private readonly Option<double?> _backboneRate = new("--backbone-lr-factor") { Description = "Fine-tuning: the backbone's share of the learning rate." };
    private readonly Option<string[]> _schedule = Parts("--schedule", "Learning rate over the run", ScheduleCatalog.Keys, ScheduleCatalog.Create);
    private readonly Option<double?> _warmup = new("--warmup") { Description = "Epochs of linear warm-up; the trainer's own are at most a tenth of all." };
    private readonly Option<double?> _smoothing = new("--label-smoothing") { Description = "Share of the target spread over all classes." };
    private readonly Option<int?> _padding = new("--padding") { Description = "Pixels of padding for the random crop." };
    private readonly Option<bool> _noFlip = new("--no-flip") { Description = "Do not mirror pictures (digits, text)." };
    private readonly Option<double?> _validation = new("--validation-fraction") { Description = "Share of the training pictures kept for validation after each epoch." };
    private readonly Option<bool> _validateOnTest = new("--validate-on-test") { Description = "Validate on the held-out pictures after each epoch, for papers that report the highest accuracy of the course; '--keep last' keeps them out of the choice of weights." };
    private readonly Option<KeepWeights?> _keep = new("--keep") { Description = "Whose weights become the model: the best epoch's on validation, or the last one's." };
    private readonly Option<int?> _patience = new("--patience") { Description = "Stop early after so many epochs without a better validation accuracy." };
    private readonly Option<UnreadableImageBehavior?> _unreadable = new("--unreadable") { Description = "What to do with pictures that cannot be read." };
    private readonly Option<double?> _maxSkipped = new("--max-skipped") { Description = "With '--unreadable Skip': fail where a larger share than this cannot be read." };
    private readonly Option<string[]> _set = new("--set") { Description = "Any other option of the trainer by its name in the library, as in CenterLossWeight=0." };
    private readonly Option<double> _testFraction = Of("--test-fraction", "Share of the pictures held out to measure on, where no --test-... is given.", 0.0);
    private readonly Option<int> _topK = Of("--top-k", "Also count a hit where the class is among the k most probable.", 5);
    private readonly Option<int?> _seed = new("--seed") { Description = "The same seed gives the same model on the CPU." };
    private readonly Option<int?> _gpu = new("--gpu") { Description = "Train on this CUDA device." };
    private readonly Option<int> _threads = Of("--threads", "CPU threads within an operation.", Environment.ProcessorCount);
    private readonly Option<FileInfo?> _model = new("--model") { Description = "Where to save the model, an ML.NET zip." };
    private readonly Option<DirectoryInfo?> _workspace = new("--workspace") { Description = "Where to keep the run's state and logs: the same command goes on there where it was stopped or killed." };
    private readonly Option<FileInfo?> _report = new("--report") { Description = "Where to write settings, learning curve and metrics as JSON." };

    public TrainOptions()
    {
        _trainer.AcceptOnlyFromAmong([.. TrainerNames.All.Keys]);
        _testFraction.Validators.Add(result => Require(result, result.GetValueOrDefault<double>() is >= 0 and < 1, "lies in [0, 1)"));
        _threads.Validators.Add(result => Require(result, result.GetValueOrDefault<int>() >= 1, "is at least 1"));
    }

    /// <summary>The settings, and what is about one run: what to measure it on, what to keep of it.</summary>
    public void AddTo(Command command)
    {
        AddSettingsTo(command);
        Array.ForEach<Option>([_validateOnTest, _testFraction, _topK, _workspace, _report], command.Options.Add);
    }

    /// <summary>The settings of a training, and where to save its model.</summary>
    public void AddSettingsTo(Command command)
    {
        Option[] all =
        [
            _trainer, _backbone, _head, _weights, _stages, _segmentation, _strategies, _augmentations, _loss, _hierarchy, _size, _channels, _epochs, _batch, _accumulate, _rate, _optimizer, _momentum,
            _decay, _noDecay, _maxNorm, _average, _frozenStages, _freezeNorm, _backboneRate, _schedule, _warmup, _smoothing, _padding, _noFlip, _validation, _keep, _patience, _unreadable, _maxSkipped, _set, _seed, _gpu, _threads, _model,
        ];
        Array.ForEach(all, command.Options.Add);
        command.Validators.Add(result => Array.ForEach<Option>([_head, _stages, _segmentation], option =>
        {
            if (result.GetResult(option) is not null && (result.GetValue(_trainer) ?? TrainerNames.Default) != TrainerNames.Default)
            {
                result.AddError($"{option.Name} is an option of --trainer {TrainerNames.Default}.");
            }
        }));
    }

    public string Trainer(ParseResult parsed) => parsed.GetValue(_trainer)!;

    /// <param name="parsed">The command line.</param>
    /// <param name="hierarchyOf">Reads a hierarchy from a file.</param>
    public ImageClassificationOptions Settings(ParseResult parsed, Func<FileInfo, ClassHierarchy> hierarchyOf)
    {
        ImageClassificationOptions own = TrainerNames.All[Trainer(parsed)].Options();
        ClassHierarchy? hierarchy = parsed.GetValue(_hierarchy) is { } file ? hierarchyOf(file) : null;
        if (own is FeatureMiningOptions mining)
        {
            own = mining with { Stages = parsed.GetValue(_stages) ?? mining.Stages, Segmentation = parsed.GetValue(_segmentation) ?? mining.Segmentation, Head = parsed.GetValue(_head) };
        }
        else if (own is VisualInductivePriorsOptions priors)
        {
            (own, hierarchy) = (priors with { Hierarchy = hierarchy }, null);
        }
        else if (own is PatchTrainingOptions patches)
        {
            own = patches with { SwitchEpoch = Math.Min(patches.SwitchEpoch, (parsed.GetValue(_epochs) ?? patches.Epochs) / 2) };
        }

        ImageClassificationOptions given = Common(parsed, own) with { Strategies = [.. Strategies(parsed, hierarchy)] };
        Array.ForEach(parsed.GetValue(_set) ?? [], assignment => SettingText.Assign(given, assignment));
        return given;
    }

    /// <summary>The properties of the trainer's options that the command line gives, of those that carry a range.</summary>
    public IEnumerable<string> Given(ParseResult parsed, Type options)
    {
        (Option Option, string[] Names)[] ranged =
        [
            (_stages, [nameof(FeatureMiningOptions.Stages)]), (_batch, [nameof(ImageClassificationOptions.BatchSize)]), (_rate, [nameof(ImageClassificationOptions.LearningRate)]),
            (_momentum, [nameof(ImageClassificationOptions.Momentum), nameof(ImageClassificationOptions.Nesterov)]), (_decay, [nameof(ImageClassificationOptions.WeightDecay)]),
            (_noDecay, [nameof(ImageClassificationOptions.NoDecayOnNormAndBias)]), (_smoothing, [nameof(ImageClassificationOptions.LabelSmoothing)]),
            (_noFlip, [nameof(ImageClassificationOptions.HorizontalFlip)]),
        ];
        return [.. ranged.Where(entry => parsed.GetResult(entry.Option) is { Implicit: false }).SelectMany(entry => entry.Names), .. (parsed.GetValue(_set) ?? []).Select(assignment => SettingText.PropertyName(options, assignment))];
    }

    public bool ValidatesOnTest(ParseResult parsed) => parsed.GetValue(_validateOnTest);

    public double TestFraction(ParseResult parsed) => parsed.GetValue(_testFraction);

    public int TopK(ParseResult parsed) => parsed.GetValue(_topK);

    public int? Seed(ParseResult parsed) => parsed.GetValue(_seed);

    public int? Gpu(ParseResult parsed) => parsed.GetValue(_gpu);

    public int Threads(ParseResult parsed) => parsed.GetValue(_threads);

    public FileInfo? Model(ParseResult parsed) => parsed.GetValue(_model);

    public FileInfo? Report(ParseResult parsed) => parsed.GetValue(_report);

    private ImageClassificationOptions Common(ParseResult parsed, ImageClassificationOptions own) => own with
    {
        Backbone = parsed.GetValue(_backbone) ?? own.Backbone,
        InitialWeights = parsed.GetValue(_weights)?.FullName,
        Loss = Last(parsed, _loss) is { } loss ? SettingText.Part(loss, LossCatalog.Create) : own.Loss,
        Augmentations = [.. Augmentations(parsed, own.Augmentations)],
        ImageHeight = parsed.GetValue(_size) ?? own.ImageHeight,
        ImageWidth = parsed.GetValue(_size) ?? own.ImageWidth,
        Channels = parsed.GetValue(_channels) ?? own.Channels,
        Epochs = parsed.GetValue(_epochs) ?? own.Epochs,
        BatchSize = parsed.GetValue(_batch) ?? own.BatchSize,
        GradientAccumulationSteps = parsed.GetValue(_accumulate) ?? own.GradientAccumulationSteps,
        LearningRate = parsed.GetValue(_rate) ?? own.LearningRate,
        Optimizer = Last(parsed, _optimizer) is { } optimizer ? SettingText.Part(optimizer, OptimizerCatalog.Create) : own.Optimizer,
        Momentum = parsed.GetValue(_momentum) ?? own.Momentum,
        Nesterov = own.Nesterov && parsed.GetValue(_momentum) != 0,
        WeightDecay = parsed.GetValue(_decay) ?? own.WeightDecay,
        NoDecayOnNormAndBias = parsed.GetValue(_noDecay) || own.NoDecayOnNormAndBias,
        ClipGradientNorm = parsed.GetValue(_maxNorm) ?? own.ClipGradientNorm,
        EmaDecay = parsed.GetValue(_average) ?? own.EmaDecay,
        FineTuning = new FineTuning
        {
            FrozenStages = parsed.GetValue(_frozenStages) ?? own.FineTuning.FrozenStages,
            FreezeBatchNorm = parsed.GetValue(_freezeNorm) || own.FineTuning.FreezeBatchNorm,
            BackboneLearningRateFactor = parsed.GetValue(_backboneRate) ?? own.FineTuning.BackboneLearningRateFactor,
        },
        Schedule = Last(parsed, _schedule) is { } schedule ? SettingText.Part(schedule, ScheduleCatalog.Create) : own.Schedule,
        WarmupEpochs = parsed.GetValue(_warmup) ?? Math.Min(own.WarmupEpochs, (parsed.GetValue(_epochs) ?? own.Epochs) / 10.0),
        LabelSmoothing = parsed.GetValue(_smoothing) ?? own.LabelSmoothing,
        CropPadding = parsed.GetValue(_padding) ?? own.CropPadding,
        HorizontalFlip = !parsed.GetValue(_noFlip),
        ValidationFraction = parsed.GetValue(_validation),
        KeepWeights = parsed.GetValue(_keep) ?? own.KeepWeights,
        EarlyStopping = parsed.GetValue(_patience) is { } patience ? new EarlyStopping { Patience = patience } : null,
        OnUnreadableImage = parsed.GetValue(_unreadable) ?? own.OnUnreadableImage,
        MaxSkippedFraction = parsed.GetValue(_maxSkipped) ?? own.MaxSkippedFraction,
        Seed = parsed.GetValue(_seed),
        WorkspacePath = parsed.GetValue(_workspace)?.FullName,
    };

    private IEnumerable<TrainingStrategy> Strategies(ParseResult parsed, ClassHierarchy? hierarchy)
    {
        IEnumerable<TrainingStrategy> given = (parsed.GetValue(_strategies) ?? []).Select(text => SettingText.Part(text, StrategyCatalog.Create));
        return hierarchy is null
            ? given
            : given.Where(strategy => strategy is not TreeSupervision).Append(new TreeSupervision { Hierarchy = hierarchy, Weight = given.OfType<TreeSupervision>().FirstOrDefault()?.Weight ?? 1 });
    }

    // One of a kind that the trainer has takes its place.
    private IEnumerable<ImageAugmentation> Augmentations(ParseResult parsed, IReadOnlyList<ImageAugmentation> own)
    {
        ImageAugmentation[] given = [.. (parsed.GetValue(_augmentations) ?? []).Select(text => SettingText.Part(text, AugmentationCatalog.Create))];
        return own.Where(part => !Array.Exists(given, other => other.Key == part.Key)).Concat(given);
    }

    private static string? Last(ParseResult parsed, Option<string[]> option) => parsed.GetValue(option)?.LastOrDefault();

    private static Option<T> Of<T>(string name, string description, T value) => new(name) { Description = description, DefaultValueFactory = _ => value };

    /// <summary>An option that names a part of a catalog, with its settings.</summary>
    private static Option<string[]> Parts<T>(string name, string what, IReadOnlyList<string> keys, Func<string, T> create)
        where T : class
    {
        Option<string[]> option = new(name) { Description = $"{what}: KEY or KEY:name=value,... with {string.Join(", ", keys)}." };
        option.Validators.Add(result =>
        {
            try
            {
                foreach (Token token in result.Tokens)
                {
                    SettingText.Part(token.Value, create);
                }
            }
            catch (ArgumentException e)
            {
                result.AddError(e.Message);
            }
        });
        return option;
    }

    private static void Require(OptionResult result, bool holds, string what)
    {
        if (!holds)
        {
            result.AddError($"{result.Option.Name} {what}.");
        }
    }
}
