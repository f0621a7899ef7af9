using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Detection.Evaluation;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Training;

namespace Samples;

/// <summary>The verb <c>detect train</c>.</summary>
internal static class DetectTrainCommand
{
    public static Command Create()
    {
        DetectTrainOptions options = new();
        Command command = new("train", "Trains a detector on the images of Pascal VOC or of a folder with its layout; evaluates it and saves it.");
        options.AddTo(command);
        command.SetAction(parsed => ExitCode.Guard(() => Run(parsed, options)));
        return command;
    }

    private static int Run(ParseResult parsed, DetectTrainOptions options)
    {
        FileInfo file = options.TryOutputs(parsed);
        using CancellationTokenSource stop = Session.CancelOnCtrlC();
        RetinaNetOptions settings = options.Settings(parsed);
        MLContext ml = Session.Begin(
            settings.Seed,
            options.Gpu(parsed),
            options.Threads(parsed),
            onTraining: Console.WriteLine,
            isVerbose: options.IsVerbose(parsed)
        );
        (IDataView train, IDataView? validation, IDataView? test) = options.Load(parsed, ml);
        Console.WriteLine($"The model will be saved as {file.FullName}");
        ITransformer model;
        using (ProgressView progress = ProgressView.Create())
        {
            model = Pipeline(ml, settings with { ValidationSet = validation, CancellationToken = stop.Token, Progress = progress.Show }).Fit(train);
        }

        if (DistributedJob.Rank > 0)
        {
            return stop.IsCancellationRequested ? ExitCode.Canceled : ExitCode.Success;
        }

        // Saved before it is measured, so that no training is lost to the test images.
        TrainCommand.Save(ml, model, train.Schema, file);
        DetectionMetrics? metrics = test is null ? null : DetectionView.Evaluate(ml, model.Transform(test));
        if (options.Report(parsed) is { } report)
        {
            RetinaNetTransformer detector = ((IEnumerable<ITransformer>)model).OfType<RetinaNetTransformer>().Single();
            JsonReport.Write(
                report,
                new
                {
                    detector.Recipe,
                    detector.History,
                    Test = metrics is null ? null : DetectionView.Details(metrics),
                }
            );
            Console.WriteLine($"Wrote {report.FullName}.");
        }

        Console.WriteLine($"Next: detect predict --model {ShellText.Of(file.ToString())} --folder drawn IMAGES");
        return stop.IsCancellationRequested ? ExitCode.Canceled : ExitCode.Success;
    }

    private static IEstimator<ITransformer> Pipeline(MLContext ml, RetinaNetOptions options) =>
        ml.ObjectDetection().Trainers.RetinaNet(options).Append<ITransformer>(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
}

/// <summary>The options of <c>detect train</c>. Options that are not given keep the trainer's defaults.</summary>
internal sealed class DetectTrainOptions
{
    private const string None = "none";

    private readonly VocInput _images = new("trainval");
    private readonly Option<string?> _validation = new("--validation-part") { Description = "The list of images to validate on after each epoch, e.g. val." };
    private readonly Option<string?> _test = new("--test-part") { Description = "The list of images to evaluate the model on, e.g. test." };

    // One line for each setting of the library's options.
    private readonly Setting[] _settings =
    [
        Setting.Value<string>("--backbone", "The network: a ResNet or ResNeXt, e.g. resnet-50. By default, that of the initial weights.", "Backbone"),
        Setting.Value<string>(
            "--initial-weights",
            "Initial weights: mlnet/resnet18 (the default), a file (safetensors, .pth) with the names of torchvision or timm, or a classifier (.zip, "
                + "folder), for the backbone; a detector (.zip); or none to train from scratch.",
            "InitialWeights"
        ),
        .. CommonSettings.Create(),
        Setting.Number<int>("--size", "Height and width of the network's input in pixels, a multiple of 32.", 64, 4096, "ImageSize"),
        Setting.Number<int>("--epochs", "Passes over the training images.", 1, 100_000, "Epochs"),
        Setting.Value<double>("--min-scale", "The smallest factor by which a training image is resized at random.", "MinScale"),
        Setting.Value<double>("--max-scale", "The largest factor.", "MaxScale"),
        Setting.Flag("--no-flip", "No horizontal flips (text).", "HorizontalFlip", false),
        Setting.Value<KeepWeights>(
            "--keep",
            "Which weights to keep: those of the epoch with the best mAP on the validation images, or of the last epoch.",
            "KeepWeights"
        ),
        Setting.Value<int>("--patience", "Stop early after this many epochs without a better mAP on the validation images.", "EarlyStopping.Patience"),
        Setting.Value<UnreadableImageBehavior>("--unreadable", "What to do with images that cannot be read: by default Throw.", "OnUnreadableImage"),
    ];

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Any other option of the trainer by its name in the library, e.g. FineTuning.FrozenStages=1 or Network.AnchorSize=3.",
    };
    private readonly Option<bool> _difficult = new("--with-difficult") { Description = "Train on objects that are marked difficult too." };
    private readonly Option<bool> _verbose = new("--verbose") { Description = "Print all messages of the library's log." };
    private readonly MachineOptions _machine = new();
    private readonly RunFileOptions _files = new();
    private readonly Option<FileInfo> _model = new("--model") { Description = "Save the model to this file, an ML.NET zip.", Required = true };

    public void AddTo(Command command)
    {
        _images.AddTo(command);
        Array.ForEach<Option>([_validation, _test, .. _settings.Select(setting => setting.Option), _set, _difficult, _verbose, _model], command.Options.Add);
        _machine.AddTo(command);
        _files.AddTo(command);
    }

    public RetinaNetOptions Settings(ParseResult parsed)
    {
        RetinaNetOptions own = new();
        Array.ForEach(_settings, setting => setting.Apply(parsed, own));
        if (own.InitialWeights == None)
        {
            own = own with { InitialWeights = null, FineTuning = own.FineTuning with { FreezeBatchNorm = false } };
        }

        own = own with { WarmupEpochs = CommonSettings.WarmupEpochs(parsed, _settings, own), WorkspacePath = _files.Workspace(parsed)?.FullName };
        Array.ForEach(parsed.GetValue(_set) ?? [], assignment => SettingText.Assign(own, assignment));
        return own;
    }

    /// <summary>Rows to train on, to validate on, and to evaluate on.</summary>
    public (IDataView Train, IDataView? Validation, IDataView? Test) Load(ParseResult parsed, MLContext ml) =>
        (
            _images.Load(parsed, ml, parsed.GetValue(_difficult)),
            parsed.GetValue(_validation) is { } validation ? _images.Load(parsed, ml, withDifficult: false, validation) : null,
            parsed.GetValue(_test) is { } test ? _images.Load(parsed, ml, withDifficult: true, test) : null
        );

    /// <summary>Tries, before the images are read, whether everything can be saved; returns the file of the model.</summary>
    public FileInfo TryOutputs(ParseResult parsed)
    {
        FileInfo model = parsed.GetRequiredValue(_model);
        _files.Try(parsed, model);
        return model;
    }

    public FileInfo? Report(ParseResult parsed) => _files.Report(parsed);

    public bool IsVerbose(ParseResult parsed) => parsed.GetValue(_verbose);

    public int? Gpu(ParseResult parsed) => _machine.Gpu(parsed);

    public int? Threads(ParseResult parsed) => _machine.Threads(parsed);
}
