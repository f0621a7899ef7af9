using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureMining.Catalogs;

/// <summary>Parts as JSON: the key; the type, where it is not one of this library's; the settings, which are the public properties.</summary>
/// <param name="keyOf">The key of a part.</param>
/// <param name="create">Makes the part of a key; null reads none.</param>
internal abstract class PartConverter<T>(Func<T, string> keyOf, Func<string, T>? create = null) : JsonConverter<T>
    where T : class
{
    private const string TypeName = "$type";

    /// <exception cref="JsonException">The JSON has no key, or one that the catalog does not have.</exception>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        JsonElement part = JsonElement.ParseValue(ref reader);
        if (create is null || part.ValueKind != JsonValueKind.Object || !part.TryGetProperty(KeyName(options), out JsonElement key) || key.ValueKind != JsonValueKind.String)
        {
            throw new JsonException($"This is no {typeof(T).Name}: {part}");
        }

        try
        {
            return (T)part.Deserialize(create(key.GetString()!).GetType(), options)!;
        }
        catch (ArgumentException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    /// <exception cref="JsonException">The part does not describe itself as an object.</exception>
    /// <exception cref="NotSupportedException">A setting is of a type that has no JSON.</exception>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        JsonElement settings = JsonSerializer.SerializeToElement(value, value.GetType(), options);
        if (settings.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("Its JSON is no object.");
        }

        writer.WriteStartObject();
        writer.WriteString(KeyName(options), keyOf(value));
        if (value.GetType().Assembly != typeof(T).Assembly)
        {
            writer.WriteString(TypeName, value.GetType().FullName);
        }

        foreach (JsonProperty setting in settings.EnumerateObject().Where(setting => setting.Name != KeyName(options)))
        {
            setting.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    private static string KeyName(JsonSerializerOptions options) => options.PropertyNamingPolicy?.ConvertName("Key") ?? "Key";
}
