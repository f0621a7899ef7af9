using System.CommandLine;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.MlNet.Reading;

namespace Samples;

/// <summary>The verb <c>inspect</c>.</summary>
internal static class InspectCommand
{
    // The longest list that is printed.
    private const int Listed = 10;

    public static Command Create()
    {
        ImageInput train = new("--", "Images", DataPart.Train);
        ImageInput test = new(ImageInput.TestPrefix, "Held-out images, to find those that are also among the others", DataPart.Test, required: false);
        Option<bool> strict = new("--strict")
        {
            Description = "Exit with code 1 if an image cannot be read, is there twice with different labels, or is in both sets.",
        };
        Command command = new("inspect", "Checks a set of images: rows per class, sizes, unreadable files, duplicates, and leakage into a held-out set.")
        {
            strict,
        };
        train.AddTo(command);
        test.AddTo(command);
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                MLContext ml = Session.Begin();
                (IDataView rows, IDataView? validation, IDataView? heldOut) = train.LoadParts(parsed, ml);
                ImageSetReport report = ml.Data.InspectImages(rows);
                bool isClean = Print(report);
                (string Name, IDataView? Rows)[] parts = [("validation", validation), ("held out", test.IsGiven(parsed) ? test.Load(parsed, ml) : heldOut)];
                foreach ((string name, IDataView? part) in parts.Where(part => part.Rows is not null))
                {
                    ImageSetReport other = ml.Data.InspectImages(part!);
                    Console.WriteLine($"{Environment.NewLine}{name}:");
                    isClean = Print(other) && isClean;
                    IReadOnlyList<(ImageRow Here, ImageRow There)> shared = report.SharedWith(other);
                    IEnumerable<string> lines = shared.Select(pair => $"{Describe(pair.There)} = {Describe(pair.Here)}");
                    PrintSome($"{name} images that are also among the others", shared.Count, lines);
                    isClean = shared.Count == 0 && isClean;
                }

                return isClean || !parsed.GetValue(strict) ? ExitCode.Success : ExitCode.Failure;
            })
        );
        return command;
    }

    /// <returns>Whether no image is unreadable or contradicts another.</returns>
    private static bool Print(ImageSetReport report)
    {
        int[] counts = [.. report.Classes.Select(entry => entry.Rows).Order()];
        string spread =
            counts.Length == 0
                ? ""
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $" of {counts.Length} classes, {counts[0]} to {counts[^1]} per " + $"class, median {counts[(counts.Length - 1) / 2]}"
                );
        Console.WriteLine($"{report.Rows} images{spread}; {report.Unlabeled} without a label");
        foreach (ClassCount entry in counts.Length <= 2 * Listed ? report.Classes : [])
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {TerminalText.Of(entry.Name)}: {entry.Rows}, weight {entry.Weight:f3}"));
        }

        if (report is { Width: { } width, Height: { } height })
        {
            Console.WriteLine($"width {width.Min} to {width.Max}, median {width.Median}; height {height.Min} to {height.Max}, median {height.Median}");
        }

        PrintSome("images that cannot be read", report.Unreadable.Count, report.Unreadable.Select(image => $"{Describe(image.Row)}: {image.Cause}"));
        PrintSome("images that are there more than once", report.Duplicates.Count, report.Duplicates.Select(Describe));
        int contradictions = report.Contradictions.Count();
        PrintSome("of these under different labels", contradictions, report.Contradictions.Select(Describe));
        return report.Unreadable.Count == 0 && contradictions == 0;
    }

    private static void PrintSome(string what, int count, IEnumerable<string> lines)
    {
        Console.WriteLine($"{what}: {count}");
        foreach (string line in lines.Take(Listed))
        {
            Console.WriteLine($"  {TerminalText.Of(line)}");
        }

        if (count > Listed)
        {
            Console.WriteLine($"  and {count - Listed} more");
        }
    }

    private static string Describe(IReadOnlyList<ImageRow> equal) =>
        string.Join(" = ", equal.Take(Listed).Select(Describe))
        + (equal.Count > Listed ? string.Create(CultureInfo.InvariantCulture, $" and {equal.Count - Listed} more") : "");

    private static string Describe(ImageRow row) =>
        $"{row.File ?? string.Create(CultureInfo.InvariantCulture, $"row {row.Position}")} " + $"({row.Label ?? "no label"})";
}
