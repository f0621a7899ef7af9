using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Datasets;

namespace Samples;

/// <summary>The verb <c>evaluate</c>.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        ImageInput input = new("--", "Labeled images", DataPart.Test);
        Option<FileInfo> model = ModelOption.Create();
        Option<string?> views = ViewsOption.Create();
        Option<int> topK = new("--top-k") { Description = "K of the top-k accuracy.", DefaultValueFactory = _ => 5 };
        Option<double?> atLeast = new("--at-least")
        {
            Description = "Exit with code 1 if the micro accuracy (multi-label: micro F1) is below this, from 0 to 1.",
        };
        Option<FileInfo?> report = new("--report") { Description = "Write the metrics to this file, as JSON." };
        Command command = new("evaluate", "Evaluates a saved model on labeled images.") { model, views, topK, atLeast, report };
        input.AddTo(command);
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                MLContext ml = Session.Begin();
                ITransformer loaded = ViewsOption.Apply(ml, ModelOption.Load(ml, parsed.GetRequiredValue(model), out _), parsed.GetValue(views));
                Measured measured = MetricsView.Evaluate(ml, loaded, input.Load(parsed, ml), parsed.GetValue(topK));
                if (parsed.GetValue(report) is { } file)
                {
                    JsonReport.Write(file, new { Test = measured.Details });
                }

                return measured.Headline >= (parsed.GetValue(atLeast) ?? 0) ? ExitCode.Success : ExitCode.Failure;
            })
        );
        return command;
    }
}
