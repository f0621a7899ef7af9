using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Transforms;

namespace Samples;

/// <summary>The verb <c>train</c>.</summary>
internal sealed class TrainCommand : Command
{
    // Of steps, for an estimate.
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(2);

    private readonly ImageInput _train = new("--", "Training images", DataPart.Train);
    private readonly ImageInput _test = new(ImageInput.TestPrefix, "Held-out images to evaluate on", DataPart.Test, required: false);
    private readonly ImageInput _patches = new(
        "--patch-",
        "With --trainer patch, crops of the objects on the training images",
        DataPart.Train,
        required: false
    );
    private readonly TrainingSubset _subset = new();
    private readonly TrainOptions _options = new();

    private TrainCommand()
        : base("train", "Trains a network on a folder of images per class, or on a published data set; evaluates it and saves it.")
    {
        _train.AddTo(this);
        _test.AddTo(this);
        _patches.AddTo(this);
        _subset.AddTo(this);
        _options.AddTo(this);
        SetAction(parsed => ExitCode.Guard(() => Run(parsed)));
    }

    public static Command Create() => new TrainCommand();

    /// <summary>Estimates the time of a training from its first steps, on this machine.</summary>
    /// <param name="arguments">The command line, which starts with <c>train</c>.</param>
    /// <param name="limit">The longest time for reading the images and for the steps.</param>
    /// <returns>The time of all epochs; null if the limit was too short.</returns>
    public static TimeSpan? Estimate(string[] arguments, TimeSpan limit)
    {
        ParseResult parsed = Program.Parse(arguments);
        return parsed.Errors.Count == 0 ? ((TrainCommand)parsed.CommandResult.Command).Estimate(parsed, limit) : null;
    }

    /// <summary>What a user of the library writes: labels to keys, the trainer, keys back to labels.</summary>
    public static IEstimator<ITransformer> Pipeline(MLContext ml, string trainerName, ImageClassificationOptions options)
    {
        ImageClassificationTrainer trainer = TrainerNames.All[trainerName].Make(ml, options);
        List<IEstimator<ITransformer>> parts = [trainer];
        if (trainer is not PatchTrainingTrainer)
        {
            parts.Insert(0, ml.Transforms.Conversion.MapValueToKey("Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue));
            parts.Add(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        }

        return parts.Aggregate((chain, next) => chain.Append(next));
    }

    private int Run(ParseResult parsed)
    {
        FileInfo? file = _options.TryOutputs(parsed, _train.NameOf(parsed), [.. _train.Named(parsed), .. _test.Named(parsed), .. _patches.Named(parsed)]);
        using CancellationTokenSource stop = Session.CancelOnCtrlC();
        MLContext ml = Session.Begin(
            _options.Seed(parsed),
            _options.Gpu(parsed),
            _options.Threads(parsed),
            onTraining: Console.WriteLine,
            isVerbose: _options.IsVerbose(parsed)
        );
        (IDataView train, IDataView? test, ImageClassificationOptions chosen) = Prepare(
            parsed,
            ml,
            (train, test) =>
            {
                TrainingPlan.WarnOfSharedFiles(train, test);
                TrainingPlan.Show(ml, train, test, file);
            },
            (plan, options) => TrainingPlan.Show(plan, _options.Given(parsed, options))
        );
        if (_options.IsVerbose(parsed))
        {
            TrainingPlan.ShowSettings(chosen);
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
            model = Pipeline(ml, _options.Trainer(parsed), settings).Fit(train);
        }

        if (DistributedJob.Rank > 0)
        {
            return stop.IsCancellationRequested ? ExitCode.Canceled : ExitCode.Success;
        }

        // Saved before it is measured, so that no training is lost to the test images.
        if (file is not null)
        {
            Save(ml, model, train.Schema, file);
        }

        Measured? measured = test is null ? null : MetricsView.Evaluate(ml, model, test, _options.TopK(parsed));
        if (_options.Report(parsed) is { } report)
        {
            WriteReport(report, ml, _options.Trainer(parsed), model, stepsPerEpoch, test, measured);
            Console.WriteLine($"Wrote {report.FullName}.");
        }

        if (file is not null)
        {
            bool isListed = HeldOutList.Write(file, test, (_test.IsGiven(parsed) ? _test : _train).Words(parsed));
            Console.WriteLine($"Next: predict --model {ShellText.Of(file.ToString())} IMAGES");
            if (isListed)
            {
                Console.WriteLine($"      evaluate --model {ShellText.Of(file.ToString())}      (the same test images, listed in {HeldOutList.PathOf(file)})");
            }
        }

        return stop.IsCancellationRequested ? ExitCode.Canceled : ExitCode.Success;
    }

    private TimeSpan? Estimate(ParseResult parsed, TimeSpan limit)
    {
        MLContext ml = Session.Begin(_options.Seed(parsed), _options.Gpu(parsed), _options.Threads(parsed), isQuiet: true);
        (IDataView train, _, ImageClassificationOptions chosen) = Prepare(parsed, ml, (_, _) => { }, (_, _) => { });
        using CancellationTokenSource stop = new(limit);
        List<TrainingProgress> reports = [];
        ImageClassificationOptions settings = chosen with
        {
            WorkspacePath = null,
            CancellationToken = stop.Token,
            Progress = report =>
            {
                reports.Add(report);
                if (StepsOf(reports).Length > 1 && report.Elapsed - BeforeSteps(reports) >= Enough)
                {
                    stop.Cancel();
                }
            },
        };
        try
        {
            (Pipeline(ml, _options.Trainer(parsed), settings).Fit(train) as IDisposable)?.Dispose();
        }
        catch (OperationCanceledException)
        {
            // It ended within the first epoch.
        }

        if (StepsOf(reports) is not [TrainingProgress first, ..] steps)
        {
            return chosen.Epochs == 0 && reports.Count > 0 ? reports[^1].Elapsed : null;
        }

        // The time left assumes the mean speed so far. The steps before the first report are slower: their code is compiled, their memory is allocated.
        TrainingProgress last = steps[^1];
        if (Done(last) == Done(first))
        {
            return last.Elapsed + last.Remaining;
        }

        TimeSpan mean = (last.Elapsed - BeforeSteps(reports)) / Done(last),
            later = (last.Elapsed - first.Elapsed) / (Done(last) - Done(first));
        return last.Elapsed + (last.Remaining * (later / mean));

        static long Done(TrainingProgress report) => ((report.Epoch - 1) * (long)report.StepsPerEpoch) + report.Step;

        // The head may be fitted before, which is epoch 0.
        static TrainingProgress[] StepsOf(List<TrainingProgress> reports) => [.. reports.Where(report => report.Epoch > 0)];

        static TimeSpan BeforeSteps(List<TrainingProgress> reports) => reports[0].Epoch == 0 ? reports[0].Elapsed : TimeSpan.Zero;
    }

    // The rows and the settings of a command line.
    private (IDataView Train, IDataView? Test, ImageClassificationOptions Chosen) Prepare(
        ParseResult parsed,
        MLContext ml,
        Action<IDataView, IDataView?> onRows,
        Action<FineTuningPlan, ImageClassificationOptions> onPlan
    )
    {
        bool fineTunes = _options.FineTunes(parsed, _train.IsFolder(parsed));
        _options.Check(parsed, ml, fineTunes);
        (IDataView train, IDataView? validation, IDataView? test) = Load(parsed, ml, fineTunes);
        train = _subset.TakeRows(parsed, ml, train, _options.Seed(parsed));
        onRows(train, test);
        ImageClassificationOptions chosen;
        if (fineTunes)
        {
            (FineTuningPlan plan, chosen) = _options.PlanFineTuning(parsed, ml, train, test is null ? 0 : ml.Data.CountClasses(test).Sum(entry => entry.Rows));
            onPlan(plan, chosen);
        }
        else
        {
            chosen = _options.Settings(parsed, hierarchy => HierarchyFile.Read(ml, hierarchy, train));
        }

        if (chosen is PatchTrainingOptions patches)
        {
            chosen =
                _patches.IsGiven(parsed) ? patches with { PatchSet = _patches.Load(parsed, ml) }
                : _options.Given(parsed, chosen).Contains(nameof(PatchTrainingOptions.SwitchEpoch)) ? patches
                : patches with { SwitchEpoch = 0 };
        }

        if (_options.ValidatesOnTest(parsed))
        {
            validation = test ?? throw new ArgumentException("--validate-on-test needs held-out images: give --test-... or --test-fraction.");
        }

        // A fraction that is asked for is drawn from the training part; the validation part is then not used.
        return (train, test, chosen.ValidationFraction is null && validation is not null ? chosen with { ValidationSet = validation } : chosen);
    }

    // Hours of training must not be lost to a disk that is full.
    public static void Save(MLContext ml, ITransformer model, DataViewSchema schema, FileInfo file)
    {
        try
        {
            ml.Model.SaveAtomic(model, schema, file.FullName);
        }
        catch (IOException e)
        {
            FileInfo other = new(Path.Combine(Directory.CreateTempSubdirectory("model-").FullName, file.Name));
            ml.Model.SaveAtomic(model, schema, other.FullName);
            throw new IOException($"{e.Message} The model was saved as '{other.FullName}' instead.", e);
        }

        file.Refresh();
        Console.WriteLine($"Saved {file.FullName} ({file.Length / 1024.0:f0} KiB).");
    }

    private (IDataView Train, IDataView? Validation, IDataView? Test) Load(ParseResult parsed, MLContext ml, bool fineTunes)
    {
        double testFraction = _options.TestFraction(parsed, fineTunes && !_test.IsGiven(parsed));
        (IDataView train, IDataView? validation, IDataView? test) = _train.LoadParts(parsed, ml);
        bool hasOwn = test is not null;
        train = _subset.TakeClasses(parsed, ml, train);
        if (_test.IsGiven(parsed))
        {
            test = _test.Load(parsed, ml);
        }
        else if (testFraction > 0 && !hasOwn)
        {
            (train, test) = Split(ml, train, testFraction, _options.Seed(parsed) ?? 0);
            return (train, Taken(validation), test);
        }
        else if (hasOwn && _options.TestFraction(parsed, fineTunes: false) > 0)
        {
            Console.Error.WriteLine("warning: --test-fraction is not used: the folder has a test part of its own.");
        }

        return (train, Taken(validation), Taken(test));

        IDataView? Taken(IDataView? rows) => rows is null ? null : _subset.TakeClasses(parsed, ml, rows);
    }

    // Rows with several labels cannot be drawn by class.
    private static (IDataView Train, IDataView? Test) Split(MLContext ml, IDataView rows, double fraction, int seed)
    {
        if (rows.Schema["Label"].Type is not VectorDataViewType)
        {
            (IDataView train, IDataView test) = ml.Data.SplitByClass(rows, fraction, seed: seed);
            if (HasRows(test))
            {
                return (train, test);
            }

            Console.Error.WriteLine("warning: no class has two images, so none is held out; the model is not measured.");
            return (rows, null);
        }

        DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(rows, fraction, seed: seed);
        return HasRows(split.TestSet)
            ? (split.TrainSet, split.TestSet)
            : throw new ArgumentException($"--test-fraction {fraction} holds out no row. Give a larger fraction.");
    }

    private static bool HasRows(IDataView rows)
    {
        using DataViewRowCursor cursor = rows.GetRowCursor([]);
        return cursor.MoveNext();
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
                            .Select(number =>
                                ml.MulticlassClassification.EvaluateInDetail(ml.Model.WithClassifier(model, number).Transform(test), worst: 0).Accuracy
                            ),
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
                && NumberText.TryParse(halves[1], out double rate)
                && rate is >= 0 and <= 1
            )
            {
                return (kind, rate);
            }

            result.AddError(
                $"--label-noise '{result.Tokens[0].Value}' is neither symmetric:RATE nor pair:RATE with a rate in [0, 1].{NumberText.Hint<double>(result.Tokens[0].Value)}"
            );
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
