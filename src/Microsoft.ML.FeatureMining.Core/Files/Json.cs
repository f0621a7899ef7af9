using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>The JSON of the files that runs and sweeps write: names and enum values in snake_case, NaN and infinity as strings.</summary>
internal static class Json
{
    /// <summary>
    /// For state that is read back, such as checkpoints and journals: a missing or null value that a type requires is an error, and so is a property that is
    /// there twice.
    /// </summary>
    public static JsonSerializerOptions State { get; } =
        new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            AllowDuplicateProperties = false,
        };

    /// <summary>For logs, which people read too: quotes and non-ASCII letters are not escaped, and null values are allowed.</summary>
    public static JsonSerializerOptions Log { get; } = new(State) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, RespectNullableAnnotations = false };
}
