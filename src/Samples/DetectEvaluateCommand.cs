using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Detection.Evaluation;
using Microsoft.ML.FeatureMining.Files;

namespace Samples;

/// <summary>The verb <c>detect evaluate</c>.</summary>
internal static class DetectEvaluateCommand
{
    public static Command Create()
    {
        VocInput images = new("test");
        Option<FileInfo> model = ModelOption.Create();
        Option<FileInfo?> report = new("--report") { Description = "Write the metrics to this file, as JSON." };
        Option<FileInfo?> page = new("--out") { Description = "Write a report with drawn images to this file, as HTML." };
        Option<int> drawn = new("--drawn") { Description = "With --out: the number of images to draw.", DefaultValueFactory = _ => 24 };
        Option<double> minScore = MinScoreOption.Create();
        Option<double?> atLeast = new("--at-least") { Description = "Exit with code 1 if the mean average precision is below this, from 0 to 1." };
        drawn.Between(0, 10_000);
        atLeast.Between(0, 1);
        Command command = new("evaluate", "Measures a saved detector: average precision of each class as in Pascal VOC.")
        {
            model,
            report,
            page,
            drawn,
            minScore,
            atLeast,
        };
        images.AddTo(command);
        MachineOptions machine = new();
        machine.AddTo(command);
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                FileInfo file = parsed.GetRequiredValue(model);
                OutputPath.KeepApart([("--report", parsed.GetValue(report)), ("--out", parsed.GetValue(page))], ("--model", file));
                OutputPath.TryFile("--report", parsed.GetValue(report));
                OutputPath.TryFile("--out", parsed.GetValue(page));
                MLContext ml = machine.Begin(parsed, file);
                // Scored once for metrics and report.
                IDataView scored = ml.Data.Cache(ModelOption.Load(ml, file, out _).Transform(images.Load(parsed, ml, withDifficult: true)));
                DetectionMetrics metrics = DetectionView.Evaluate(ml, scored);
                if (parsed.GetValue(report) is { } target)
                {
                    JsonReport.Write(target, new { Test = DetectionView.Details(metrics) });
                    Console.WriteLine($"Wrote {target.FullName}.");
                }

                if (parsed.GetValue(page) is { } html)
                {
                    DetectionReportOptions options = new()
                    {
                        Title = $"Object detection: {file.Name}",
                        Images = parsed.GetValue(drawn),
                        MinScore = parsed.GetValue(minScore),
                        DifficultColumnName = "Difficult",
                    };
                    AtomicFile.Write(html.FullName, stream => ml.ObjectDetection().WriteReport(scored, stream, options));
                    Console.WriteLine($"Wrote {html.FullName}.");
                }

                return metrics.MeanAveragePrecision >= (parsed.GetValue(atLeast) ?? 0) ? ExitCode.Success : ExitCode.Failure;
            })
        );
        return command;
    }
}

/// <summary>The option <c>--min-score</c>.</summary>
internal static class MinScoreOption
{
    public static Option<double> Create()
    {
        Option<double> option = new("--min-score") { Description = "The smallest score of the objects that are shown.", DefaultValueFactory = _ => 0.3 };
        option.Between(0, 1);
        return option;
    }
}
