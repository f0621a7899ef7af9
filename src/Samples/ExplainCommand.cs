using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Explanation;

namespace Samples;

/// <summary>The verb <c>explain</c>.</summary>
internal static class ExplainCommand
{
    private static readonly ModelReportOptions Default = new();

    public static Command Create()
    {
        ImageInput input = new("--", "Labelled pictures", DataPart.Test, required: false);
        Option<FileInfo> model = ModelOption.Create();
        Option<DirectoryInfo?> folder = new("--pictures") { Description = "Pictures without labels instead: any folder of them." };
        Option<FileInfo?> report = new("--out") { Description = "Where to write the report, one HTML file." };
        Option<FileInfo?> grid = new("--grid") { Description = "Where to write a picture, PNG: a row for each of the pictures with all its maps." };
        Option<int> shown = new("--show") { Description = "How many pictures to show with all their maps.", DefaultValueFactory = _ => Default.Pictures };
        Option<int> worst = new("--worst") { Description = "How many of the worst pictures to show.", DefaultValueFactory = _ => Default.Worst };
        Command command = new("explain", "Shows what a saved model gets wrong and where on a picture it looks.") { model, folder, report, grid, shown, worst };
        input.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(report) is null && result.GetResult(grid) is null)
            {
                result.AddError("Give --out, --grid or both.");
            }
        });
        command.SetAction(parsed => ExitCode.Guard(() =>
        {
            MLContext ml = Session.Begin();
            ITransformer loaded = ModelOption.Load(ml, parsed.GetRequiredValue(model), out DataViewSchema schema);
            IDataView rows = parsed.GetValue(folder) is { } unlabelled ? UnlabelledPictures.Load(ml, ImageFolder.Find(unlabelled.FullName), schema)
                : input.IsGiven(parsed) ? input.Load(parsed, ml)
                : throw new ArgumentException("Give labelled pictures (--images, --data, ...) or a folder without labels (--pictures).");
            if (parsed.GetValue(report) is { } html)
            {
                html.Directory?.Create();
                ml.Model.SaveReport(loaded, rows, html.FullName, new ModelReportOptions { Pictures = parsed.GetValue(shown), Worst = parsed.GetValue(worst) });
                Console.WriteLine($"Wrote {html.FullName}.");
            }

            if (parsed.GetValue(grid) is { } png)
            {
                png.Directory?.Create();
                using ImageExplainer explainer = ml.Model.CreateImageExplainer(loaded);
                File.WriteAllBytes(png.FullName, ExplanationGrid.OfImages(explainer.Explain(loaded.Transform(rows), images: parsed.GetValue(shown)).Select(entry => entry.Explanation)));
                Console.WriteLine($"Wrote {png.FullName}.");
            }

            return ExitCode.Success;
        }));
        return command;
    }
}
