using System.CommandLine;
using Microsoft.ML;

namespace Samples;

/// <summary>The verb <c>ensemble</c>.</summary>
internal static class EnsembleCommand
{
    public static Command Create()
    {
        Option<FileInfo[]> models = new("--model") { Description = "A saved model, an ML.NET zip; repeat the option for each model.", Required = true };
        Option<double[]> weights = new("--weight")
        {
            Description = "The model's weight in the mean of the scores; repeat it for each model, in their order. Default: equal weights.",
            DefaultValueFactory = _ => [],
        };
        Option<string?> views = ViewsOption.Create();
        Option<FileInfo> target = new("--out") { Description = "Save the ensemble to this file, an ML.NET zip.", Required = true };
        Command command = new("ensemble", "Combines several models into one that averages their scores.") { models, weights, views, target };
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                FileInfo file = parsed.GetRequiredValue(target);
                OutputPath.KeepApart([("--out", file)], [.. parsed.GetRequiredValue(models).Select(model => ("--model", model))]);
                OutputPath.TryFile("--out", file);
                MLContext ml = Session.Begin();
                DataViewSchema[] inputs = new DataViewSchema[parsed.GetRequiredValue(models).Length];
                ITransformer[] loaded = [.. parsed.GetRequiredValue(models).Select((file, i) => ModelOption.Load(ml, file, out inputs[i]))];
                double[] given = parsed.GetValue(weights)!;
                ITransformer ensemble = ml.MulticlassClassification.Ensemble(loaded, given.Length > 0 ? given : null);
                ml.Model.SaveAtomic(ViewsOption.Apply(ml, ensemble, parsed.GetValue(views)), inputs[0], file.FullName);
                file.Refresh();
                Console.WriteLine($"Saved {file.FullName} ({file.Length >> 10} KiB): {loaded.Length} models.");
                return ExitCode.Success;
            })
        );
        return command;
    }
}
