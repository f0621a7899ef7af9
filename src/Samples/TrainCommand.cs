using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.MlNet.Reading;
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
        FileInfo? file = options.TryOutputs(parsed, trainInput.NameOf(parsed));
        using CancellationTokenSource stop = Session.CancelOnCtrlC();
        MLContext ml = Session.Begin(
            options.Seed(parsed),
            options.Gpu(parsed),
            options.Threads(parsed),
            onTraining: Console.WriteLine,
            isVerbose: options.IsVerbose(parsed)
        );
        bool fineTunes = options.FineTunes(parsed, trainInput.IsFolder(parsed));
        options.Check(parsed, ml, fineTunes);
        (IDataView train, IDataView? validation, IDataView? test) = Load(parsed, ml, trainInput, testInput, subset, options, fineTunes);
        train = subset.TakeRows(parsed, ml, train, options.Seed(parsed));
        TrainingPlan.WarnOfSharedFiles(train, test);
        TrainingPlan.Show(ml, train, test, file);
        ImageClassificationOptions chosen;
        if (fineTunes)
        {
            (FineTuningPlan plan, chosen) = options.PlanFineTuning(parsed, ml, train, test is null ? 0 : ml.Data.CountClasses(test).Sum(entry => entry.Rows));
            TrainingPlan.Show(plan, options.Given(parsed, chosen));
        }
        else
        {
            chosen = options.Settings(parsed, hierarchy => HierarchyFile.Read(ml, hierarchy, train));
        }

        if (chosen is PatchTrainingOptions patches)
        {
            chosen =
                patchInput.IsGiven(parsed) ? patches with { PatchSet = patchInput.Load(parsed, ml) }
                : options.Given(parsed, chosen).Contains(nameof(PatchTrainingOptions.SwitchEpoch)) ? patches
                : patches with { SwitchEpoch = 0 };
        }

        if (options.ValidatesOnTest(parsed))
        {
            validation = test ?? throw new ArgumentException("--validate-on-test needs held-out images: give --test-... or --test-fraction.");
        }

        // A fraction that is asked for is drawn from the training part; the validation part is then not used.
        chosen = chosen.ValidationFraction is null && validation is not null ? chosen with { ValidationSet = validation } : chosen;
        if (options.IsVerbose(parsed))
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
            model = Pipeline(ml, train, options.Trainer(parsed), settings).Fit(train);
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

        Measured? measured = test is null ? null : MetricsView.Evaluate(ml, model, test, options.TopK(parsed));
        if (options.Report(parsed) is { } report)
        {
            WriteReport(report, ml, options.Trainer(parsed), model, stepsPerEpoch, test, measured);
            Console.WriteLine($"Wrote {report.FullName}.");
        }

        if (file is not null)
        {
            bool isListed = HeldOutList.Write(file, test);
            Console.WriteLine($"Next: predict --model {ShellText.Of(file.ToString())} IMAGES");
            if (isListed)
            {
                Console.WriteLine($"      evaluate --model {ShellText.Of(file.ToString())}      (the same test images, listed in {HeldOutList.PathOf(file)})");
            }
        }

        return stop.IsCancellationRequested ? ExitCode.Canceled : ExitCode.Success;
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

    private static (IDataView Train, IDataView? Validation, IDataView? Test) Load(
        ParseResult parsed,
        MLContext ml,
        ImageInput trainInput,
        ImageInput testInput,
        TrainingSubset subset,
        TrainOptions options,
        bool fineTunes
    )
    {
        double testFraction = options.TestFraction(parsed, fineTunes && !testInput.IsGiven(parsed));
        (IDataView train, IDataView? validation, IDataView? test) = trainInput.LoadParts(parsed, ml);
        bool hasOwn = test is not null;
        train = subset.TakeClasses(parsed, ml, train);
        if (testInput.IsGiven(parsed))
        {
            test = testInput.Load(parsed, ml);
        }
        else if (testFraction > 0 && !hasOwn)
        {
            (train, test) = Split(ml, train, testFraction, options.Seed(parsed) ?? 0);
            return (train, Taken(validation), test);
        }
        else if (hasOwn && options.TestFraction(parsed, fineTunes: false) > 0)
        {
            Console.Error.WriteLine("warning: --test-fraction is not used: the folder has a test part of its own.");
        }

        return (train, Taken(validation), Taken(test));

        IDataView? Taken(IDataView? rows) => rows is null ? null : subset.TakeClasses(parsed, ml, rows);
    }

    // Rows with several labels cannot be drawn by class.
    private static (IDataView Train, IDataView? Test) Split(MLContext ml, IDataView rows, double fraction, int seed)
    {
        if (rows.Schema["Label"].Type is not VectorDataViewType)
        {
            (IDataView train, IDataView test) = ml.Data.SplitByClass(rows, fraction, seed: seed);
            if (test.GetColumn<ReadOnlyMemory<char>>("Label").Any())
            {
                return (train, test);
            }

            Console.Error.WriteLine("warning: no class has two images, so none is held out; the model is not measured.");
            return (rows, null);
        }

        DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(rows, fraction, seed: seed);
        return split.TestSet.GetColumn<VBuffer<ReadOnlyMemory<char>>>("Label").Any()
            ? (split.TrainSet, split.TestSet)
            : throw new ArgumentException($"--test-fraction {fraction} holds out no row. Give a larger fraction.");
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
