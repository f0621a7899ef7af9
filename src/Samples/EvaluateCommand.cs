using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Datasets;

namespace Samples;

/// <summary>The verb <c>evaluate</c>.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        ImageInput input = new("--", "Labeled pictures", DataPart.Test);
        Option<FileInfo> model = ModelOption.Create();
        Option<TestTimeAugmentation?> views = ViewsOption.Create();
        Option<int> topK = new("--top-k") { Description = "Also count a hit where the class is among the k most probable.", DefaultValueFactory = _ => 5 };
        Option<double?> atLeast = new("--at-least") { Description = "Fail, with exit code 1, where the micro accuracy (of sets of classes the micro F1; 0 to 1) is below this." };
        Option<FileInfo?> report = new("--report") { Description = "Where to write the metrics as JSON." };
        Command command = new("evaluate", "Measures a saved model on labeled pictures.") { model, views, topK, atLeast, report };
        input.AddTo(command);
        command.SetAction(parsed => ExitCode.Guard(() =>
        {
            MLContext ml = Session.Begin();
            ITransformer loaded = ViewsOption.Apply(ml, ModelOption.Load(ml, parsed.GetRequiredValue(model), out _), parsed.GetValue(views));
            Measured measured = MetricsView.Evaluate(ml, loaded, input.Load(parsed, ml), parsed.GetValue(topK));
            if (parsed.GetValue(report) is { } file)
            {
                TrainingReport.Write(file, measured);
            }

            return measured.Headline >= (parsed.GetValue(atLeast) ?? 0) ? ExitCode.Success : ExitCode.Failure;
        }));
        return command;
    }
}
