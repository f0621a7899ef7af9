using System.Globalization;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;

namespace Benchmarks;

/// <summary>The strategies whose cost is measured, each with its default settings.</summary>
internal static class StrategyCosts
{
    public const string Plain = "plain";

    public static string[] Keys { get; } =
    [.. Enumerable.Range(1, 2).Select(stages => $"feature-mining-{stages}"), .. StrategyCatalog.Keys.Where(key => key != "feature-mining")];

    public static TrainingStrategy[] Make(string key) =>
        key switch
        {
            Plain => [],
            "feature-mining-1" or "feature-mining-2" or "feature-mining-3" => [new FeatureMining { Stages = key[^1] - '0' }],
            "tree-supervision" => [new TreeSupervision { Hierarchy = Halves() }],
            _ => [StrategyCatalog.Create(key)],
        };

    /// <summary>The peak working set in MiB of a process that runs some steps with a strategy.</summary>
    public static double MeasureMemory(string key, string network, int side, int batch, int threads) =>
        PeakMemory.Of("memory", "--one", key, "--network", network, "--side", $"{side}", "--batch", $"{batch}", "--threads", $"{threads}");

    // A binary hierarchy that splits the classes in halves recursively.
    private static ClassHierarchy Halves() => ClassHierarchy.Parse(Tree(0, Noise.Classes) + ";");

    private static string Tree(int first, int count) =>
        count == 1 ? first.ToString(CultureInfo.InvariantCulture) : $"({Tree(first, count / 2)},{Tree(first + count / 2, count - count / 2)})";
}
