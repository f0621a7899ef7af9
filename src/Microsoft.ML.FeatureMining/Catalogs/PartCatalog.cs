namespace Microsoft.ML.FeatureMining.Catalogs;

/// <summary>The parts of one kind by key: those of this library, found by their type, and those that users register. Any number of threads may use it.</summary>
internal sealed class PartCatalog<T>
    where T : class
{
    private readonly Registry<Func<T>> _parts;
    private readonly string _what;
    private readonly Func<T, string> _keyOf;

    /// <param name="what">What a part is called, in messages.</param>
    /// <param name="keyOf">The key of a part.</param>
    public PartCatalog(string what, Func<T, string> keyOf)
    {
        (_parts, _what, _keyOf) = (new Registry<Func<T>>(what), what, keyOf);
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
        : throw new ArgumentException($"No {_what} is called '{key}'. Known: {string.Join(", ", Keys)}.");

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
