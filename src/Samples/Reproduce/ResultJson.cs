using System.Text.Json;
using System.Text.Json.Serialization;

namespace Samples.Reproduce;

/// <summary>The result of an experiment for scripts, with the value of every seed.</summary>
internal static class ResultJson
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static string Of(ExperimentResult result, string machine) => JsonSerializer.Serialize(new
    {
        result.Experiment.Paper,
        Entry = result.Experiment.Key,
        result.Experiment.Title,
        Scale = result.Scale.ToString().ToLowerInvariant(),
        Recipe = result.Recipe.What,
        Machine = machine,
        Rows = result.Rows.Select(row => new
        {
            row.Row.Group,
            row.Row.Name,
            row.Command,
            Measures = result.Experiment.Measures.Select((measure, i) => new
            {
                measure.Key,
                measure.Title,
                Published = row.Row.Published.ElementAtOrDefault(i),
                row.Samples[i].Values,
                N = row.Samples[i].Count,
                Mean = row.Samples[i].Count > 0 ? row.Samples[i].Mean : (double?)null,
                StandardDeviation = row.Samples[i].Std,
            }),
            Against = result.Baseline(row)?.Row.Name,
            result.Comparison(row)?.Difference,
            result.Comparison(row)?.PValue,
        }),
    }, Json);
}
