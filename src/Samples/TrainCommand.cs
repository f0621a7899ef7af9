using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.Transforms;

namespace Samples;

/// <summary>The verb <c>train</c>.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        ImageInput train = new("--", "Training pictures", DataPart.Train);
        ImageInput test = new("--test-", "Held-out pictures to measure on", DataPart.Test, required: false);
        ImageInput patches = new("--patch-", "With --trainer patch, the objects of the training pictures, cut out", DataPart.Train, required: false);
        TrainingSubset subset = new();
        TrainOptions options = new();
        Command command = new("train", "Trains a network on a folder of pictures a class, or on a published data set, measures it and saves it.");
        train.AddTo(command);
        test.AddTo(command);
        patches.AddTo(command);
        subset.AddTo(command);
        options.AddTo(command);
        command.SetAction(parsed => ExitCode.Guard(() => Run(parsed, train, test, patches, subset, options)));
        return command;
    }

    private static int Run(ParseResult parsed, ImageInput trainInput, ImageInput testInput, ImageInput patchInput, TrainingSubset subset, TrainOptions options)
    {
        using CancellationTokenSource stop = CtrlC.Source();
        MLContext ml = Session.Begin(options.Seed(parsed), options.Gpu(parsed), options.Threads(parsed));
        IDataView train = subset.ClassesOf(parsed, ml, trainInput.Load(parsed, ml));
        IDataView? test = null;
        if (testInput.IsGiven(parsed))
        {
            test = subset.ClassesOf(parsed, ml, testInput.Load(parsed, ml));
        }
        else if (options.TestFraction(parsed) is > 0 and { } fraction)
        {
            DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(train, fraction, seed: options.Seed(parsed));
            (train, test) = (split.TrainSet, split.TestSet);
        }

        train = subset.Of(parsed, ml, train, options.Seed(parsed));
        ImageClassificationOptions chosen = options.Settings(parsed, file => HierarchyFile.Read(ml, file, train));
        if (chosen is PatchTrainingOptions patches)
        {
            chosen = patchInput.IsGiven(parsed) ? patches with { PatchSet = patchInput.Load(parsed, ml) }
                : options.Given(parsed, chosen).Contains(nameof(PatchTrainingOptions.SwitchEpoch)) ? patches
                : patches with { SwitchEpoch = 0 };
        }

        if (options.ValidatesOnTest(parsed))
        {
            chosen = chosen with { ValidationSet = test ?? throw new ArgumentException("--validate-on-test needs held-out pictures: --test-... or --test-fraction.") };
        }

        int? steps = null;
        ITransformer model;
        using (ProgressView progress = ProgressView.Create())
        {
            ImageClassificationOptions settings = chosen with
            {
                CancellationToken = stop.Token,
                Progress = report =>
                {
                    progress.Show(report);
                    steps = report.StepsPerEpoch;
                },
            };
            model = Pipeline(ml, train, TrainerNames.All[options.Trainer(parsed)].Make(ml, settings)).Fit(train);
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
            TrainingReport.Write(report, options.Trainer(parsed), steps, test is null ? null : Findings.Of(ml, model, test, measured!), ml.Model.GetImageModel(model));
        }

        return stop.IsCancellationRequested ? ExitCode.Canceled : ExitCode.Success;
    }

    /// <summary>What a user of the library writes: labels to keys, files to bytes, the trainer, keys back to labels.</summary>
    internal static IEstimator<ITransformer> Pipeline(MLContext ml, IDataView train, ImageClassificationTrainer trainer)
    {
        List<IEstimator<ITransformer>> parts = [trainer];
        if (train.Schema.GetColumnOrNull("Image") is null)
        {
            parts.Insert(0, ml.Transforms.LoadRawImageBytes("Image", imageFolder: null, inputColumnName: "ImagePath"));
        }

        if (trainer is not PatchTrainingTrainer)
        {
            parts.Insert(0, ml.Transforms.Conversion.MapValueToKey("Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue));
            parts.Add(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        }

        return parts.Aggregate((chain, next) => chain.Append(next));
    }
}
