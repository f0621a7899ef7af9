using System.CommandLine;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Transforms;

namespace Samples;

/// <summary>The verb <c>train</c>.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        ImageInput train = new("--", "Training images", DataPart.Train);
        ImageInput test = new("--test-", "Held-out images to evaluate on", DataPart.Test, required: false);
        ImageInput patches = new("--patch-", "With --trainer patch, crops of the objects on the training images", DataPart.Train, required: false);
        TrainingSubset subset = new();
        TrainOptions options = new();
        Command command = new("train", "Trains a network on a folder of images per class, or on a published data set; evaluates it and saves it.");
        train.AddTo(command);
        test.AddTo(command);
        patches.AddTo(command);
        subset.AddTo(command);
        options.AddTo(command);
        command.SetAction(parsed => ExitCode.Guard(() => Run(parsed, train, test, patches, subset, options)));
        return command;
    }

    /// <summary>What a user of the library writes: labels to keys, the trainer, keys back to labels.</summary>
    public static IEstimator<ITransformer> Pipeline(MLContext ml, IDataView train, string trainerName, ImageClassificationOptions options)
    {
        ImageClassificationOptions own = train.Schema.GetColumnOrNull("Image") is null ? options with { ImageColumnName = "ImagePath" } : options;
        ImageClassificationTrainer trainer = TrainerNames.All[trainerName].Make(ml, own);
        List<IEstimator<ITransformer>> parts = [trainer];
        if (trainer is not PatchTrainingTrainer)
        {
            parts.Insert(0, ml.Transforms.Conversion.MapValueToKey("Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue));
            parts.Add(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        }

        return parts.Aggregate((chain, next) => chain.Append(next));
    }

    private static int Run(ParseResult parsed, ImageInput trainInput, ImageInput testInput, ImageInput patchInput, TrainingSubset subset, TrainOptions options)
    {
        using CancellationTokenSource stop = Session.CancelOnCtrlC();
        MLContext ml = Session.Begin(options.Seed(parsed), options.Gpu(parsed), options.Threads(parsed));
        IDataView train = subset.TakeClasses(parsed, ml, trainInput.Load(parsed, ml));
        IDataView? test = null;
        if (testInput.IsGiven(parsed))
        {
            test = subset.TakeClasses(parsed, ml, testInput.Load(parsed, ml));
        }
        else if (options.TestFraction(parsed) is > 0 and { } fraction)
        {
            DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(train, fraction, seed: options.Seed(parsed));
            (train, test) = (split.TrainSet, split.TestSet);
        }

        train = subset.TakeRows(parsed, ml, train, options.Seed(parsed));
        ImageClassificationOptions chosen = options.Settings(parsed, file => HierarchyFile.Read(ml, file, train));
        if (chosen is PatchTrainingOptions patches)
        {
            chosen =
                patchInput.IsGiven(parsed) ? patches with { PatchSet = patchInput.Load(parsed, ml) }
                : options.Given(parsed, chosen).Contains(nameof(PatchTrainingOptions.SwitchEpoch)) ? patches
                : patches with { SwitchEpoch = 0 };
        }

        if (options.ValidatesOnTest(parsed))
        {
            chosen = chosen with
            {
                ValidationSet = test ?? throw new ArgumentException("--validate-on-test needs held-out images: give --test-... or --test-fraction."),
            };
        }

        int? stepsPerEpoch = null;
        ITransformer model;
        using (ProgressView progress = ProgressView.Create())
        {
            ImageClassificationOptions settings = chosen with
            {
                CancellationToken = stop.Token,
                Progress = report =>
                {
                    progress.Show(report);
                    stepsPerEpoch = report.StepsPerEpoch;
                },
            };
            model = Pipeline(ml, train, options.Trainer(parsed), settings).Fit(train);
        }

        Measured? measured = test is null ? null : MetricsView.Evaluate(ml, model, test, options.TopK(parsed));
        if (options.Model(parsed) is { } file)
        {
            file.Directory?.Create();
            ml.Model.SaveAtomic(model, train.Schema, file.FullName);
            Console.WriteLine($"Saved {file.FullName} ({file.Length / 1024.0:f0} KiB).");
        }

        if (options.Report(parsed) is { } report)
        {
            WriteReport(report, ml, options.Trainer(parsed), model, stepsPerEpoch, test, measured);
        }

        return stop.IsCancellationRequested ? ExitCode.Canceled : ExitCode.Success;
    }

    /// <summary>
    /// Settings, learning curve and metrics of the run; on held-out images also how strongly the stages respond, and the accuracy of each classifier of a
    /// Split-and-Share head.
    /// </summary>
    private static void WriteReport(FileInfo file, MLContext ml, string trainer, ITransformer model, int? stepsPerEpoch, IDataView? test, Measured? measured)
    {
        ImageClassificationModel network = ml.Model.GetImageModel(model);
        IReadOnlyList<StageActivations>? activations = null;
        double[]? classifiers = null;
        if (test is not null)
        {
            using ImageExplainer explainer = ml.Model.CreateImageExplainer(model);
            activations = explainer.Activations(test);
            classifiers =
                network.ClassifierCount == 1
                    ? null
                    :
                    [
                        .. Enumerable
                            .Range(1, network.ClassifierCount)
                            .Select(number => ml.MulticlassClassification.Evaluate(ml.Model.WithClassifier(model, number).Transform(test)).MicroAccuracy),
                    ];
        }

        JsonReport.Write(
            file,
            new
            {
                Trainer = trainer,
                Parameters = network.ParameterCount,
                network.Recipe,
                StepsPerEpoch = stepsPerEpoch,
                network.EarlierHistory,
                network.History,
                Test = measured?.Details,
                Classifiers = classifiers,
                Activations = activations,
            }
        );
    }
}

/// <summary>The options that take fewer classes and training images or add label noise, for experiments.</summary>
internal sealed class TrainingSubset
{
    private readonly Option<int?> _classes = new("--classes") { Description = "Train and evaluate on the first N classes by name." };
    private readonly Option<int?> _perClass = new("--samples-per-class") { Description = "Train on N random images per class, drawn with the seed." };
    private readonly Option<(LabelNoise Kind, double Rate)?> _noise = new("--label-noise")
    {
        Description = "Change training labels: symmetric:RATE to a random other class, pair:RATE to the next class.",
        CustomParser = result =>
        {
            string[] halves = result.Tokens[0].Value.Split(':', 2);
            if (
                halves.Length == 2
                && Enum.TryParse(halves[0], ignoreCase: true, out LabelNoise kind)
                && double.TryParse(halves[1], CultureInfo.InvariantCulture, out double rate)
                && rate is >= 0 and <= 1
            )
            {
                return (kind, rate);
            }

            result.AddError($"--label-noise '{result.Tokens[0].Value}' is neither symmetric:RATE nor pair:RATE with a rate in [0, 1].");
            return null;
        },
    };

    public void AddTo(Command command) => Array.ForEach<Option>([_classes, _perClass, _noise], command.Options.Add);

    /// <summary>The rows of the chosen classes, of training or held-out images.</summary>
    public IDataView TakeClasses(ParseResult parsed, MLContext ml, IDataView rows) =>
        parsed.GetValue(_classes) is { } count ? ml.Data.TakeClasses(rows, count) : rows;

    /// <summary>The chosen number of training rows per class, with label noise.</summary>
    public IDataView TakeRows(ParseResult parsed, MLContext ml, IDataView rows, int? seed)
    {
        IDataView taken = parsed.GetValue(_perClass) is { } count ? ml.Data.TakeRowsPerClass(rows, count, seed: seed ?? 0) : rows;
        return parsed.GetValue(_noise) is var (kind, rate) ? ml.Data.AddLabelNoise(taken, rate, kind, seed: seed ?? 0) : taken;
    }
}

/// <summary>Shows the progress of training: a bar that is redrawn on a terminal, one line per epoch elsewhere.</summary>
internal abstract class ProgressView : IDisposable
{
    public static ProgressView Create() => Console.IsOutputRedirected ? new ProgressLines() : new ProgressBar();

    public abstract void Show(TrainingProgress report);

    public virtual void Dispose() { }

    /// <summary>The results of a finished epoch.</summary>
    protected static string Line(TrainingProgress report, EpochMetrics epoch) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {epoch.Epoch, 3}/{report.Epochs}  loss {epoch.TrainLoss:f4}  accuracy {epoch.TrainAccuracy, 6:p1}{Validation(epoch)}  {Speed(report)}"
        );

    /// <summary>Images per second, and the time left as minutes and seconds, with hours where there are any.</summary>
    protected static string Speed(TrainingProgress report) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{report.ImagesPerSecond:f0} images/s  "
                + $"{report.Remaining.ToString(report.Remaining.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture)} left"
        );

    private static string Validation(EpochMetrics epoch) =>
        epoch.ValidationAccuracy is { } accuracy ? string.Create(CultureInfo.InvariantCulture, $"  validation {accuracy, 6:p1}") : "";

    private sealed class ProgressLines : ProgressView
    {
        public override void Show(TrainingProgress report)
        {
            if (report.Completed is { } epoch)
            {
                Console.WriteLine(Line(report, epoch));
            }
        }
    }

    private sealed class ProgressBar : ProgressView
    {
        private const int Cells = 24;
        private const string ClearLine = "\r\u001b[2K";

        public override void Show(TrainingProgress report)
        {
            if (report.Completed is { } epoch)
            {
                Console.WriteLine($"{ClearLine}{Line(report, epoch)}");
                return;
            }

            double share = (double)report.Step / report.StepsPerEpoch;
            int full = (int)(share * Cells);
            string text = string.Create(
                CultureInfo.InvariantCulture,
                $"epoch {report.Epoch, 3}/{report.Epochs}  {new string('━', full)}{new string('─', Cells - full)} {share, 4:p0}  loss {report.Loss:f4}  accuracy "
                    + $"{report.Accuracy:p1}  {Speed(report)}"
            );
            Console.Write(ClearLine + (text.Length < Console.WindowWidth || Console.WindowWidth <= 0 ? text : text[..(Console.WindowWidth - 1)]));
        }

        public override void Dispose() => Console.Write(ClearLine);
    }
}
