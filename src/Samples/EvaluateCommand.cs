using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Datasets;

namespace Samples;

/// <summary>The verb <c>evaluate</c>.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        ImageInput input = new("--", "Labeled images", DataPart.Test, required: false);
        Option<FileInfo> model = ModelOption.CreateForScoring();
        Option<string?> views = ViewsOption.Create();
        Option<int> topK = new("--top-k") { Description = "K of the top-k accuracy.", DefaultValueFactory = _ => 5 };
        Option<double?> atLeast = new("--at-least")
        {
            Description = "Exit with code 1 if the micro accuracy (multi-label: micro F1) is below this, from 0 to 1.",
        };
        Option<FileInfo?> report = new("--report") { Description = "Write the metrics to this file, as JSON." };
        topK.Between(1, int.MaxValue);
        atLeast.Between(0, 1);
        Command command = new("evaluate", "Measures a saved model on labeled images; without any, on the test images that train held out.")
        {
            model,
            views,
            topK,
            atLeast,
            report,
        };
        input.AddTo(command);
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                FileInfo file = parsed.GetRequiredValue(model);
                OutputPath.KeepApart([("--report", parsed.GetValue(report))], ("--model", file));
                OutputPath.TryFile("--report", parsed.GetValue(report));
                MLContext ml = Session.Begin();
                ITransformer loaded =
                    !ModelOption.IsOnnx(file) ? ViewsOption.Apply(ml, ModelOption.Load(ml, file, out _), parsed.GetValue(views))
                    : parsed.GetValue(views) is null ? ModelOption.LoadForScoring(ml, file, out _)
                    : throw new ArgumentException("--tta is for saved models: the views of an ONNX model are fixed when it is exported.");
                IDataView rows = input.IsGiven(parsed) ? input.Load(parsed, ml) : HeldOutList.Load(ml, file);
                Measured measured = MetricsView.Evaluate(ml, loaded, rows, parsed.GetValue(topK));
                if (parsed.GetValue(report) is { } target)
                {
                    JsonReport.Write(target, new { Test = measured.Details });
                    Console.WriteLine($"Wrote {target.FullName}.");
                }

                return measured.Headline >= (parsed.GetValue(atLeast) ?? 0) ? ExitCode.Success : ExitCode.Failure;
            })
        );
        return command;
    }
}
