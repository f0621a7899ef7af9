using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>A trial as a line of a journal.</summary>
internal static class TrialLine
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static string Write(SweepTrial trial) => JsonSerializer.Serialize(
        new Line(trial.Number, trial.State, [.. trial.Settings.Select(setting => ChoiceParameter.TextOf(setting.Value))], [.. trial.Curve.Select(epoch => new[] { epoch.Epoch, epoch.Score })], trial.Seconds, trial.Error), Json);

    /// <exception cref="JsonException">It is no such line.</exception>
    /// <exception cref="FormatException">It is of other parameters.</exception>
    public static SweepTrial Read(string text, IReadOnlyList<SweepParameter> parameters)
    {
        Line line = JsonSerializer.Deserialize<Line>(text, Json) ?? throw new FormatException("The line is empty.");
        if (line.Settings?.Length != parameters.Count || line.Curve is null || line.Curve.Any(epoch => epoch is not { Length: 2 }))
        {
            throw new FormatException($"The line does not hold the {parameters.Count} settings of a trial and its curve.");
        }

        return new SweepTrial(line.Trial, [.. parameters.Zip(line.Settings, (parameter, setting) => KeyValuePair.Create(parameter.Name, parameter.Parse(setting)))])
        {
            State = line.State,
            Curve = [.. line.Curve.Select(epoch => new TrialEpoch((int)epoch[0], epoch[1]))],
            Seconds = line.Seconds,
            Error = line.Error,
        };
    }

    private sealed record Line(int Trial, TrialState State, string[] Settings, double[][] Curve, double Seconds, string? Error);
}
