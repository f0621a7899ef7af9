using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureMining.Parts;

/// <summary>The parts of one kind by key: those of this library, found by their type, and those that users register. Any number of threads may use it.</summary>
internal sealed class PartCatalog<T>
    where T : class
{
    private readonly Registry<Func<T>> _parts;
    private readonly string _what;
    private readonly string _catalog;
    private readonly Func<T, string> _keyOf;

    /// <param name="what">What a part is called, in messages.</param>
    /// <param name="catalog">The catalog's name, in messages.</param>
    /// <param name="keyOf">The key of a part.</param>
    public PartCatalog(string what, string catalog, Func<T, string> keyOf)
    {
        (_parts, _what, _catalog, _keyOf) = (new Registry<Func<T>>(what), what, catalog, keyOf);
        foreach (Type type in typeof(T).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(T)) && type is { IsAbstract: false, IsPublic: true }))
        {
            Register(() => (T)Activator.CreateInstance(type)!);
        }
    }

    /// <summary>All keys, in order.</summary>
    public IReadOnlyList<string> Keys => _parts.Keys;

    /// <summary>A part with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key.</exception>
    public T Create(string key) => _parts.Find(key) is { } create
        ? create()
        : throw new ArgumentException($"No {_what} is called '{key}'.{Spelling.Hint(key, Keys)} Known: {string.Join(", ", Keys)}. One of your own must be registered first: {_catalog}.Register(() => ...).");

    /// <exception cref="ArgumentException">The key of what the function makes is taken or cannot be a key.</exception>
    public void Register(Func<T> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        _parts.Register(_keyOf(create()), create);
    }

    /// <summary>Says what is wrong with the key of a part, or null where it names this part or none.</summary>
    public string? Problem(T part)
    {
        string key = _keyOf(part);
        return string.IsNullOrEmpty(key) ? $"The {_what} {part.GetType()} has no Key."
            : _parts.Find(key) is { } create && create().GetType() != part.GetType() ? $"The {_what} {part.GetType()} has the Key '{key}', which is that of {create().GetType()}. Choose another."
            : null;
    }
}

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

/// <summary>Functions that make parts, by key. Any number of threads may use it.</summary>
/// <param name="what">What a part is called, in messages.</param>
internal sealed class Registry<TCreate>(string what)
    where TCreate : Delegate
{
    private readonly ConcurrentDictionary<string, TCreate> _entries = new(StringComparer.Ordinal);

    /// <summary>All keys, in order.</summary>
    public IReadOnlyList<string> Keys => [.. _entries.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The function of a key, also of one with capitals or underscores, as other libraries write it; null if there is none.</summary>
    public TCreate? Find(string key) => _entries.GetValueOrDefault(key) ?? _entries.GetValueOrDefault(Spelling.Hyphenated(key));

    /// <exception cref="ArgumentException">The key is taken, empty, or has a character that the command line gives a meaning.</exception>
    public void Register(string key, TCreate create)
    {
        ArgumentNullException.ThrowIfNull(create);
        if (string.IsNullOrEmpty(key) || !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new ArgumentException($"'{key}' cannot be the key of a {what}: a key has letters, digits, hyphens, underscores and dots.", nameof(key));
        }

        if (!_entries.TryAdd(key, create))
        {
            throw Taken(key);
        }
    }

    public ArgumentException Taken(string key) => new($"There already is a {what} '{key}'. Choose another key.", nameof(key));
}
