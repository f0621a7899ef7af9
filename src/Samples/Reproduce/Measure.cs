using System.Text.Json;

namespace Samples.Reproduce;

/// <summary>One number of a run.</summary>
/// <param name="Key">Its name in files.</param>
/// <param name="Title">Its name with its unit.</param>
/// <param name="Read">Finds it in the run's report; null where it has none.</param>
internal sealed record Measure(string Key, string Title, Func<JsonElement, double?> Read)
{
    /// <summary>"The highest validation accuracy over the full training course", which the Feature Mining paper prints.</summary>
    public static Measure Highest { get; } = new("highest", "highest accuracy of the course, %", report =>
        History(report).Select(epoch => Number(epoch, "validation_accuracy")).Max() * 100);

    public static Measure Last { get; } = new("last", "accuracy of the last epoch, %", report => Number(report.GetProperty("test"), "micro_accuracy") * 100);

    /// <summary>Of the last epoch, on training pictures as the network saw them: whether it overfits.</summary>
    public static Measure Training { get; } = new("training", "training accuracy, %", report => History(report).Select(epoch => Number(epoch, "train_accuracy")).LastOrDefault() * 100);

    public static Measure Seconds { get; } = new("seconds", "training time, s", report => History(report, "earlier_history").Concat(History(report)).Sum(epoch => Number(epoch, "seconds")));

    public static Measure MillisecondsAStep { get; } = new("step", "time of a step, ms", report =>
        1000 * Median(History(report).Select(epoch => Number(epoch, "seconds")).OfType<double>()) / Number(report, "steps_an_epoch"));

    public static Measure Parameters { get; } = new("parameters", "parameters, millions", report => Number(report, "parameters") / 1e6);

    /// <summary>A number of the test's, as it is.</summary>
    public static Measure Test(string key, string title, string property, double factor = 1) => new(key, title, report => Number(report.GetProperty("test"), property) * factor);

    /// <summary>Of one class, in percent.</summary>
    public static Measure OfClass(int index, string name, string property) => new($"{name}-{property}", $"{name}: {property}, %", report =>
        report.GetProperty("test").TryGetProperty("classes", out JsonElement classes) && index < classes.GetArrayLength() ? Number(classes[index], property) * 100 : null);

    /// <summary>Accuracy of one classifier of several side by side, from 1.</summary>
    public static Measure Classifier(int number) => new($"fc{number}", $"FC{number}, %", report =>
        report.TryGetProperty("classifiers", out JsonElement accuracies) && accuracies.ValueKind == JsonValueKind.Array && number <= accuracies.GetArrayLength() ? accuracies[number - 1].GetDouble() * 100 : null);

    /// <summary>The share of a stage's features above 0.5, the stage from 0.</summary>
    public static Measure Active(int stage) => new($"active-{stage + 1}", $"stage {stage + 1}: features above 0.5, %", report =>
        report.TryGetProperty("activations", out JsonElement stages) && stages.ValueKind == JsonValueKind.Array && stage < stages.GetArrayLength() ? Number(stages[stage], "active_fraction") * 100 : null);

    // A model of several has none of its own.
    private static IEnumerable<JsonElement> History(JsonElement report, string name = "history") => report.TryGetProperty(name, out JsonElement history) ? history.EnumerateArray() : [];

    private static double? Number(JsonElement of, string property) => of.TryGetProperty(property, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
