using System.Collections;
using System.Globalization;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;

namespace Samples;

/// <summary>What <c>train</c> tells before it starts: images, classes, and where the model will be saved. The trainer tells about the network.</summary>
internal static class TrainingPlan
{
    public static void Show(MLContext ml, IDataView train, IDataView? test, FileInfo? model)
    {
        if (train.Schema["Label"].Type is not VectorDataViewType)
        {
            IReadOnlyList<ClassCount> classes = ml.Data.CountClasses(train);
            int[] rows = [.. classes.Select(entry => entry.Rows).Order()];
            Console.WriteLine(Text($"{rows.Sum()} training images of {rows.Length} classes ({rows.FirstOrDefault()} to {rows.LastOrDefault()} per class)"));
            if (test is not null)
            {
                IReadOnlyList<ClassCount> held = ml.Data.CountClasses(test);
                Console.WriteLine(Text($"{held.Sum(entry => entry.Rows)} test images of {held.Count} classes are held out and measured at the end"));
                foreach (string missing in classes.Select(entry => entry.Name).Except(held.Select(entry => entry.Name)).Take(5))
                {
                    Console.WriteLine(Text($"  none of class '{TerminalText.Of(missing)}'"));
                }
            }
        }

        if (test is null)
        {
            Console.WriteLine("No test images are held out: --test-fraction 0.2 or --test-images FOLDER measures the model at the end.");
        }

        Console.WriteLine(model is null ? "The model is not saved (--no-model)." : $"The model will be saved as {model.FullName}");
    }

    /// <summary>The settings that were chosen, except for those that the command line gives.</summary>
    public static void Show(FineTuningPlan plan, IEnumerable<string> given)
    {
        HashSet<string> own = [.. given];
        Console.WriteLine(
            Text(
                $"Fine-tuning the pretrained network '{plan.Options.InitialWeights}', {plan.Parameters / 1e6:f1} million parameters; expected time {TimeText.Of(plan.ExpectedTime)}"
            )
        );
        foreach (PlannedSetting setting in plan.Settings.Where(setting => !own.Contains(setting.Name)))
        {
            Console.WriteLine($"  {setting}");
        }
    }

    /// <summary>Warns if test images are also training images.</summary>
    public static void WarnOfSharedFiles(IDataView train, IDataView? test)
    {
        if (test is null || train.Schema.GetColumnOrNull("ImagePath") is null || test.Schema.GetColumnOrNull("ImagePath") is null)
        {
            return;
        }

        HashSet<string> trained = [.. train.GetColumn<string>("ImagePath").Select(Path.GetFullPath)];
        string[] tested = [.. test.GetColumn<string>("ImagePath").Select(Path.GetFullPath)];
        if (tested.Count(trained.Contains) is > 0 and int both)
        {
            Console.Error.WriteLine(
                Text($"warning: {both} of {tested.Length} test images are also training images, so the measured accuracy will be too high.")
            );
        }
    }

    /// <summary>Every setting of a run.</summary>
    public static void ShowSettings(ImageClassificationOptions options)
    {
        Console.WriteLine("All settings:");
        foreach (
            PropertyInfo setting in options
                .GetType()
                .GetProperties()
                .Where(setting => setting.CanWrite)
                .OrderBy(setting => setting.Name, StringComparer.Ordinal)
        )
        {
            if (setting.GetValue(options) is { } value and not (Delegate or IDataView or CancellationToken))
            {
                string text = value is IEnumerable list and not string ? $"[{string.Join(", ", list.Cast<object>().Select(Of))}]" : Of(value);
                Console.WriteLine($"  {setting.Name}: {text}");
            }
        }

        static string Of(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Words of commands that a user can paste.</summary>
internal static class ShellText
{
    /// <summary>The word, in quotes where a shell would change it.</summary>
    public static string Of(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,+@%{}".Contains(c, StringComparison.Ordinal)) && !IsList(word)
            ? word
            : $"\"{string.Concat(word.Select(c => "\"$`\\".Contains(c, StringComparison.Ordinal) ? $"\\{c}" : c.ToString()))}\"";

    // A shell makes several words of {a,b}.
    private static bool IsList(string word) => word.Contains('{', StringComparison.Ordinal) && word.Contains(',', StringComparison.Ordinal);
}
