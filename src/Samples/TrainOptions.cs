using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Samples;

/// <summary>The options of <c>train</c> that are not about where the pictures are. Defaults are the library's own.</summary>
internal sealed class TrainOptions
{
    private static readonly FeatureMiningOptions Default = new();

    private readonly Option<string> _backbone = Of("--backbone", "The network, e.g. cifar-resnet-20, cifar-resnet-56-bottleneck.", Default.Backbone);
    private readonly Option<FileInfo?> _weights = new("--initial-weights") { Description = "Weights to begin with, in safetensors, under torchvision's, timm's or an exported model's names." };
    private readonly Option<int> _stages = Of("--stages", "Last stages that Feature Mining cuts; 0 trains plainly.", Default.Stages);
    private readonly Option<Segmentation> _segmentation = Of("--segmentation", "How it cuts them.", Default.Segmentation);
    private readonly Option<int> _size = Of("--size", "Pixels a side that the network sees.", Default.ImageHeight);
    private readonly Option<int> _channels = Of("--channels", "3: colour, 1: gray.", Default.Channels);
    private readonly Option<int> _epochs = Of("--epochs", "Passes over the training pictures.", Default.Epochs);
    private readonly Option<int> _batch = Of("--batch", "Pictures a step.", Default.BatchSize);
    private readonly Option<double> _rate = Of("--lr", "Learning rate.", Default.LearningRate);
    private readonly Option<double> _momentum = Of("--momentum", "Nesterov momentum.", Default.Momentum);
    private readonly Option<double> _decay = Of("--weight-decay", "Weight decay.", Default.WeightDecay);
    private readonly Option<string> _schedule = Of("--schedule", "Learning rate over the run: step (a tenth at half and three quarters) or cosine.", "step");
    private readonly Option<double> _warmup = Of("--warmup", "Epochs of linear warm-up.", Default.WarmupEpochs);
    private readonly Option<double> _smoothing = Of("--label-smoothing", "Share of the target spread over all classes.", Default.LabelSmoothing);
    private readonly Option<int> _padding = Of("--padding", "Pixels of padding for the random crop.", Default.CropPadding);
    private readonly Option<bool> _noFlip = new("--no-flip") { Description = "Do not mirror pictures (digits, text)." };
    private readonly Option<double?> _validation = new("--validation-fraction") { Description = "Share of the training pictures kept for validation after each epoch." };
    private readonly Option<KeepWeights> _keep = Of("--keep", "Whose weights become the model: the best epoch's on validation, or the last one's.", Default.Keep);
    private readonly Option<int?> _patience = new("--patience") { Description = "Stop early after so many epochs without a better validation accuracy." };
    private readonly Option<UnreadableImages> _unreadable = Of("--unreadable", "What to do with pictures that cannot be read.", Default.UnreadableImages);
    private readonly Option<double> _maxSkipped = Of("--max-skipped", "With '--unreadable Skip': fail where a larger share than this cannot be read.", Default.MaxSkippedShare);
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
        _schedule.AcceptOnlyFromAmong("step", "cosine");
        _testFraction.Validators.Add(RequireShare);
        _threads.Validators.Add(result => Require(result, result.GetValueOrDefault<int>() >= 1, "is at least 1"));
    }

    public void AddTo(Command command)
    {
        Option[] all =
        [
            _backbone, _weights, _stages, _segmentation, _size, _channels, _epochs, _batch, _rate, _momentum, _decay, _schedule, _warmup, _smoothing, _padding, _noFlip,
            _validation, _keep, _patience, _unreadable, _maxSkipped, _testFraction, _topK, _seed, _gpu, _threads, _workspace, _model, _report,
        ];
        Array.ForEach(all, command.Options.Add);
    }

    public FeatureMiningOptions Settings(ParseResult parsed) => new()
    {
        Backbone = parsed.GetValue(_backbone)!,
        InitialWeights = parsed.GetValue(_weights)?.FullName,
        Stages = parsed.GetValue(_stages),
        Segmentation = parsed.GetValue(_segmentation),
        ImageHeight = parsed.GetValue(_size),
        ImageWidth = parsed.GetValue(_size),
        Channels = parsed.GetValue(_channels),
        Epochs = parsed.GetValue(_epochs),
        BatchSize = parsed.GetValue(_batch),
        LearningRate = parsed.GetValue(_rate),
        Momentum = parsed.GetValue(_momentum),
        Nesterov = parsed.GetValue(_momentum) > 0,
        WeightDecay = parsed.GetValue(_decay),
        Schedule = parsed.GetValue(_schedule) == "cosine" ? new CosineSchedule() : new StepSchedule(),
        WarmupEpochs = parsed.GetValue(_warmup),
        LabelSmoothing = parsed.GetValue(_smoothing),
        CropPadding = parsed.GetValue(_padding),
        HorizontalFlip = !parsed.GetValue(_noFlip),
        ValidationFraction = parsed.GetValue(_validation),
        Keep = parsed.GetValue(_keep),
        EarlyStopping = parsed.GetValue(_patience) is { } patience ? new EarlyStopping { Patience = patience } : null,
        UnreadableImages = parsed.GetValue(_unreadable),
        MaxSkippedShare = parsed.GetValue(_maxSkipped),
        Seed = parsed.GetValue(_seed),
        WorkspacePath = parsed.GetValue(_workspace)?.FullName,
    };

    public double TestFraction(ParseResult parsed) => parsed.GetValue(_testFraction);

    public int TopK(ParseResult parsed) => parsed.GetValue(_topK);

    public int? Seed(ParseResult parsed) => parsed.GetValue(_seed);

    public int? Gpu(ParseResult parsed) => parsed.GetValue(_gpu);

    public int Threads(ParseResult parsed) => parsed.GetValue(_threads);

    public FileInfo? Model(ParseResult parsed) => parsed.GetValue(_model);

    public FileInfo? Report(ParseResult parsed) => parsed.GetValue(_report);

    private static Option<T> Of<T>(string name, string description, T value) => new(name) { Description = description, DefaultValueFactory = _ => value };

    private static void RequireShare(OptionResult result) => Require(result, result.GetValueOrDefault<double>() is >= 0 and < 1, "lies in [0, 1)");

    private static void Require(OptionResult result, bool holds, string what)
    {
        if (!holds)
        {
            result.AddError($"{result.Option.Name} {what}.");
        }
    }
}
