using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureMining.Parts;

/// <summary>A part of the settings that a catalog makes by its key.</summary>
internal interface IPart
{
    string Key { get; }
}

/// <summary>The parts of one kind by key: the built-in ones, found by reflection, and those that users register. Thread-safe.</summary>
internal sealed class PartCatalog<T>
    where T : class, IPart
{
    private readonly Registry<Func<T>> _parts;
    private readonly string _what;
    private readonly string _catalog;

    /// <param name="what">The kind of part, for messages, e.g. "loss".</param>
    /// <param name="catalog">The name of the public catalog, for messages.</param>
    public PartCatalog(string what, string catalog)
    {
        (_parts, _what, _catalog) = (new Registry<Func<T>>(what), what, catalog);
        foreach (Type type in typeof(T).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(T)) && type is { IsAbstract: false, IsPublic: true }))
        {
            Register(() => (T)Activator.CreateInstance(type)!);
        }
    }

    /// <summary>All keys, in order.</summary>
    public IReadOnlyList<string> Keys => _parts.Keys;

    /// <summary>Creates a part with its default settings.</summary>
    /// <exception cref="ArgumentException">There is no part with this key.</exception>
    public T Create(string key) =>
        _parts.Find(key) is { } create
            ? create()
            : throw new ArgumentException(
                $"Unknown {_what} '{key}'.{Spelling.Hint(key, Keys)} Known: {string.Join(", ", Keys)}. Register your own first: "
                    + $"{_catalog}.Register(() => ...)."
            );

    /// <exception cref="ArgumentException">The key of the created part is already in use or invalid.</exception>
    public void Register(Func<T> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        _parts.Register(create().Key, create);
    }

    /// <summary>An error message if the key of a part is empty or belongs to another type; otherwise null.</summary>
    public string? Problem(T part)
    {
        string key = part.Key;
        return string.IsNullOrEmpty(key) ? $"The {_what} {part.GetType()} has an empty Key."
            : _parts.Find(key) is { } create && create().GetType() != part.GetType()
                ? $"The {_what} {part.GetType()} has the Key '{key}', which " + $"{create().GetType()} already uses. Choose another key."
            : null;
    }
}

/// <summary>Writes a part as JSON: its key, its type if it is not built in, and its public properties.</summary>
/// <param name="create">Creates a part by its key.</param>
internal abstract class PartConverter<T>(Func<string, T> create) : JsonConverter<T>
    where T : class, IPart
{
    private const string TypeName = "$type";

    /// <exception cref="JsonException">The JSON has no key, or the catalog has no such key.</exception>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        JsonElement part = JsonElement.ParseValue(ref reader);
        if (part.ValueKind != JsonValueKind.Object || !part.TryGetProperty(KeyName(options), out JsonElement key) || key.ValueKind != JsonValueKind.String)
        {
            throw new JsonException($"Expected a JSON object with the Key of a {typeof(T).Name}, got: {part}");
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

    /// <exception cref="JsonException">The part is not serialized as a JSON object.</exception>
    /// <exception cref="NotSupportedException">A setting has a type that cannot be serialized.</exception>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        JsonElement settings = JsonSerializer.SerializeToElement(value, value.GetType(), options);
        if (settings.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException($"{value.GetType()} must be serialized as a JSON object.");
        }

        writer.WriteStartObject();
        writer.WriteString(KeyName(options), value.Key);
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

/// <summary>Factory functions by key. Thread-safe.</summary>
/// <param name="what">The kind of part, for messages.</param>
internal sealed class Registry<TCreate>(string what)
    where TCreate : Delegate
{
    private readonly ConcurrentDictionary<string, TCreate> _entries = new(StringComparer.Ordinal);

    /// <summary>All keys, in order.</summary>
    public IReadOnlyList<string> Keys => [.. _entries.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The function registered under a key, or null. Capitals and underscores, as in other libraries, match too.</summary>
    public TCreate? Find(string key) => _entries.GetValueOrDefault(key) ?? _entries.GetValueOrDefault(Spelling.Hyphenated(key));

    /// <exception cref="ArgumentException">The key is already in use, empty, or has a character with a meaning on the command line.</exception>
    public void Register(string key, TCreate create)
    {
        ArgumentNullException.ThrowIfNull(create);
        if (string.IsNullOrEmpty(key) || !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new ArgumentException($"'{key}' is not a valid {what} key. Use letters, digits, hyphens, underscores and dots only.", nameof(key));
        }

        if (!_entries.TryAdd(key, create))
        {
            throw Taken(key);
        }
    }

    public ArgumentException Taken(string key) => new($"A {what} with the key '{key}' is already registered. Choose another key.", nameof(key));
}
