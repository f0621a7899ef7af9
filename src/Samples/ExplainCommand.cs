using System.CommandLine;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.MlNet.Reports;

namespace Samples;

/// <summary>The verb <c>explain</c>.</summary>
internal static class ExplainCommand
{
    // The cells of a grid, in pixels: the images' own resolution within these bounds.
    private const int SmallestCell = 112;
    private const int LargestCell = 320;

    private static readonly ModelReportOptions Default = new();

    public static Command Create()
    {
        ImageInput input = new("--", "Labeled images", DataPart.Test, required: false);
        Option<FileInfo> model = ModelOption.Create();
        Option<DirectoryInfo?> unlabeled = new("--unlabeled")
        {
            Description = "Instead of labeled images: a folder of images without labels, subfolders included.",
        };
        Option<FileInfo?> report = new("--out") { Description = "Write the report to this file, HTML." };
        Option<FileInfo?> grid = new(OutputPath.GridOption) { Description = "Write a grid to this file, PNG: one row per image, with all its maps." };
        Option<FileInfo[]> compared = new("--compare")
        {
            Description = "More models. --grid then has one row per model and one column per image; --out shows their activations side by side.",
            AllowMultipleArgumentsPerToken = true,
        };
        Option<int> shown = new("--show") { Description = "Show N images with all their maps.", DefaultValueFactory = _ => Default.Images };
        Option<int> worst = new("--worst") { Description = "Show the N worst images.", DefaultValueFactory = _ => Default.Worst };
        Command command = new("explain", "Shows which images a saved model gets wrong, and where on an image it looks.")
        {
            model,
            unlabeled,
            report,
            grid,
            compared,
            shown,
            worst,
        };
        input.AddTo(command);
        MachineOptions machine = new();
        machine.AddTo(command);
        shown.Between(1, int.MaxValue);
        worst.Between(0, int.MaxValue);
        command.Validators.Add(result =>
        {
            if (result.GetResult(report) is null && result.GetResult(grid) is null)
            {
                result.AddError("Give --out, --grid or both.");
            }

            if (result.GetResult(unlabeled) is not null && input.IsGiven(result))
            {
                result.AddError("Give labeled images or --unlabeled, not both.");
            }
        });
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                OutputPath.KeepApart(
                    [("--out", parsed.GetValue(report)), (OutputPath.GridOption, parsed.GetValue(grid))],
                    [
                        ("--model", parsed.GetRequiredValue(model)),
                        .. (parsed.GetValue(compared) ?? []).Select(file => ("--compare", file)),
                        .. input.Named(parsed),
                    ]
                );
                OutputPath.TryFile("--out", parsed.GetValue(report));
                OutputPath.TryFile(OutputPath.GridOption, parsed.GetValue(grid));
                MLContext ml = machine.Begin(parsed, parsed.GetRequiredValue(model));
                ITransformer loaded = ModelOption.Load(ml, parsed.GetRequiredValue(model), out DataViewSchema schema);
                IDataView rows =
                    parsed.GetValue(unlabeled) is { } folder ? UnlabeledImages.Load(ml, Find(folder.FullName), schema)
                    : input.IsGiven(parsed) ? input.Load(parsed, ml)
                    : throw new ArgumentException("Give labeled images (--images, --data, ...) or a folder of images without labels (--unlabeled).");
                KeyValuePair<string, ITransformer>[] others =
                [
                    .. (parsed.GetValue(compared) ?? []).Select(file => KeyValuePair.Create(NameOf(file), ModelOption.Load(ml, file, out _))),
                ];
                ModelReportOptions settings = new()
                {
                    Images = parsed.GetValue(shown),
                    Worst = parsed.GetValue(worst),
                    Name = NameOf(parsed.GetRequiredValue(model)),
                    Compared = others,
                };
                Write(parsed.GetValue(report), file => ml.Model.SaveReport(loaded, rows, file, settings));
                ITransformer[] models = [loaded, .. others.Select(other => other.Value)];
                Write(
                    parsed.GetValue(grid),
                    file => OutputFile.Write(file, Grid(ml, models, [settings.Name, .. others.Select(other => other.Key)], rows, parsed.GetValue(shown)))
                );
                return ExitCode.Success;
            })
        );
        return command;
    }

    private static IReadOnlyList<string> Find(string folder) =>
        ImageFolder.Find(folder, text => Console.Error.WriteLine($"warning: {text}")) is { Count: > 0 } files
            ? files
            : throw new InvalidDataException($"There are no images in '{folder}'.");

    private static string NameOf(FileInfo file) => Path.GetFileNameWithoutExtension(file.Name);

    private static void Write(FileInfo? file, Action<string> write)
    {
        if (file is not null)
        {
            write(file.FullName);
            Console.WriteLine($"Wrote {file.FullName}.");
        }
    }

    // "✓ wren 98 %", or "✗ wren 60 %" above "is robin".
    private static string Caption(ImageExplanation explanation, IReadOnlyList<string> classes, string? label)
    {
        string predicted = classes[explanation.Class];
        string verdict =
            string.IsNullOrEmpty(label) ? ""
            : label == predicted ? "✓ "
            : "✗ ";
        string caption = string.Create(
            CultureInfo.InvariantCulture,
            $"{verdict}{TerminalText.Of(predicted)} {100 * explanation.Probabilities[explanation.Class]:0} %"
        );
        return verdict == "✗ " ? $"{caption}\nis {TerminalText.Of(label!)}" : caption;
    }

    private static byte[] Grid(MLContext ml, IReadOnlyList<ITransformer> models, IReadOnlyList<string> names, IDataView rows, int shown)
    {
        string[]? labels = rows.Schema.GetColumnOrNull("Label")?.Type is TextDataViewType ? [.. rows.GetColumn<string>("Label")] : null;
        List<(HeatMap? FixedMaskMap, IReadOnlyList<ImageExplanation> Images)> explained = [];
        foreach ((int index, ITransformer model) in models.Index())
        {
            using ImageExplainer explainer = ml.Model.CreateImageExplainer(model);
            string name = models.Count == 1 ? "" : $"{names[index]}\n";
            explained.Add(
                (
                    explainer.FixedMaskMap,
                    [
                        .. explainer
                            .Explain(model.Transform(rows), images: shown)
                            .Select(entry => entry.Explanation.WithCaption(name + Caption(entry.Explanation, explainer.ClassNames, labels?[entry.Row]))),
                    ]
                )
            );
        }

        int side = Math.Clamp(explained[0].Images.Select(image => image.LongerSide).DefaultIfEmpty().Max(), SmallestCell, LargestCell);
        return explained.Count == 1 ? ExplanationGrid.FromImages(explained[0].Images, side) : ExplanationGrid.FromModels(explained, side);
    }
}
