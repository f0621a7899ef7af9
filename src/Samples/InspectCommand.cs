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
    // Longer lists tell where to begin, not more.
    private const int Listed = 10;

    public static Command Create()
    {
        ImageInput train = new("--", "Pictures", DataPart.Train);
        ImageInput test = new("--test-", "Held-out pictures, to look for in the others", DataPart.Test, required: false);
        Option<bool> strict = new("--strict") { Description = "Fail, with exit code 1, where a picture cannot be read, contradicts another's label, or is on both sides." };
        Command command = new("inspect", "Reports what is in a set of pictures: rows a class, sizes, broken files, duplicates, and leakage into a held-out set.") { strict };
        train.AddTo(command);
        test.AddTo(command);
        command.SetAction(parsed => ExitCode.Guard(() =>
        {
            MLContext ml = Session.Begin();
            ImageSetReport report = ml.Data.InspectImages(train.Load(parsed, ml));
            bool isClean = Print(report);
            if (test.IsGiven(parsed))
            {
                ImageSetReport other = ml.Data.InspectImages(test.Load(parsed, ml));
                Console.WriteLine($"{Environment.NewLine}held out:");
                isClean = Print(other) && isClean;
                IReadOnlyList<(ImageRow Here, ImageRow There)> shared = report.SharedWith(other);
                PrintSome("held-out pictures that are in the others, too", shared.Count, shared.Select(pair => $"{Describe(pair.There)} = {Describe(pair.Here)}"));
                isClean = shared.Count == 0 && isClean;
            }

            return isClean || !parsed.GetValue(strict) ? ExitCode.Success : ExitCode.Failure;
        }));
        return command;
    }

    /// <returns>Whether nothing is wrong.</returns>
    private static bool Print(ImageSetReport report)
    {
        int[] counts = [.. report.Classes.Select(entry => entry.Rows).Order()];
        string spread = counts.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" of {counts.Length} classes, {counts[0]} to {counts[^1]} a class, median {counts[(counts.Length - 1) / 2]}");
        Console.WriteLine($"{report.Rows} pictures{spread}; {report.Unlabeled} without a label");
        foreach (ClassCount entry in counts.Length <= 2 * Listed ? report.Classes : [])
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {entry.Name}: {entry.Rows}, weight {entry.Weight:f3}"));
        }

        if (report is { Width: { } width, Height: { } height })
        {
            Console.WriteLine($"width {width.Min} to {width.Max}, median {width.Median}; height {height.Min} to {height.Max}, median {height.Median}");
        }

        PrintSome("pictures that cannot be read", report.Unreadable.Count, report.Unreadable.Select(image => $"{Describe(image.Row)}: {image.Cause}"));
        PrintSome("pictures that are there more than once", report.Duplicates.Count, report.Duplicates.Select(rows => string.Join(" = ", rows.Select(Describe))));
        int contradictions = report.Contradictions.Count();
        PrintSome("of these under different labels", contradictions, report.Contradictions.Select(rows => string.Join(" = ", rows.Select(Describe))));
        return report.Unreadable.Count == 0 && contradictions == 0;
    }

    private static void PrintSome(string what, int count, IEnumerable<string> lines)
    {
        Console.WriteLine($"{what}: {count}");
        foreach (string line in lines.Take(Listed))
        {
            Console.WriteLine($"  {line}");
        }

        if (count > Listed)
        {
            Console.WriteLine($"  and {count - Listed} more");
        }
    }

    private static string Describe(ImageRow row) => $"{row.File ?? string.Create(CultureInfo.InvariantCulture, $"row {row.Position}")} ({row.Label ?? "no label"})";
}
