using System.CommandLine;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Datasets;

namespace Samples;

/// <summary>The verb <c>calibrate</c>.</summary>
internal static class CalibrateCommand
{
    public static Command Create()
    {
        ImageInput input = new("--", "Labeled images that the model was not trained on", DataPart.Test);
        Option<FileInfo> model = ModelOption.Create();
        Option<string?> views = ViewsOption.Create();
        Option<FileInfo> target = new("--out") { Description = "Save the calibrated model to this file, an ML.NET zip.", Required = true };
        Command command = new(
            "calibrate",
            "Calibrates the probabilities of a saved model or ensemble by temperature scaling. The predicted classes stay the same."
        )
        {
            model,
            views,
            target,
        };
        input.AddTo(command);
        MachineOptions machine = new();
        machine.AddTo(command);
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                FileInfo file = parsed.GetRequiredValue(target);
                OutputPath.KeepApart([("--out", file)], [("--model", parsed.GetRequiredValue(model)), .. input.Named(parsed)]);
                OutputPath.TryFile("--out", file);
                MLContext ml = machine.Begin(parsed, parsed.GetRequiredValue(model));
                ITransformer loaded = ModelOption.Load(ml, parsed.GetRequiredValue(model), out DataViewSchema schema);
                loaded = ViewsOption.Apply(ml, loaded, parsed.GetValue(views));
                IDataView rows = input.Load(parsed, ml);
                ITransformer calibrated = ml.Model.Calibrate(loaded, rows);
                Show(Measure(loaded), Measure(calibrated));
                string temperatures = string.Join(", ", Temperatures(calibrated).Select(value => value.ToString("0.####", CultureInfo.InvariantCulture)));
                ml.Model.SaveAtomic(calibrated, schema, file.FullName);
                file.Refresh();
                Console.WriteLine($"Saved {file.FullName} ({file.Length >> 10} KiB): temperature {temperatures}.");
                return ExitCode.Success;

                // An unreadable image is left out, whatever the model's policy.
                Metrics Measure(ITransformer scorer) =>
                    Metrics.Measure(ml, ml.Model.WithUnreadableImages(scorer, UnreadableImageBehavior.Skip).Transform(rows));
            })
        );
        return command;
    }

    private static void Show(Metrics before, Metrics after)
    {
        MetricsView.Show(before.Coverage);
        if (before.Multiclass is { } old && after.Multiclass is { } calibrated)
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"log-loss {old.LogLoss:f4} -> {calibrated.LogLoss:f4}   expected calibration error {old.Calibration.ExpectedError:f4} -> "
                        + $"{calibrated.Calibration.ExpectedError:f4}   accuracy {old.Accuracy:p2} -> {calibrated.Accuracy:p2}"
                )
            );
        }
    }

    private static IEnumerable<double> Temperatures(ITransformer model) =>
        model switch
        {
            IEnumerable<ITransformer> chain => chain.SelectMany(Temperatures),
            ImageClassificationTransformer classifier => [classifier.Model.Temperature],
            ImageEnsembleTransformer ensemble => ensemble.Members.Select(member => member.Temperature),
            _ => [],
        };
}
