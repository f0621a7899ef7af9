using System.Reflection;

namespace Microsoft.ML.FeatureMining.Catalogs;

/// <summary>The kinds of a part by key, found once by their type; two of one key are refused.</summary>
/// <param name="what">What a part is called, in messages.</param>
/// <param name="keyOf">The key of a part.</param>
internal sealed class TypeCatalog<T>(string what, Func<T, string> keyOf)
    where T : class
{
    private readonly Dictionary<string, Type> _types = Scan(what, keyOf);

    /// <summary>All keys, in order.</summary>
    public IReadOnlyList<string> Keys => [.. _types.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A part with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key.</exception>
    public T Create(string key) => _types.TryGetValue(key, out Type? type)
        ? (T)Activator.CreateInstance(type)!
        : throw new ArgumentException($"No {what} is called '{key}'. Known: {string.Join(", ", Keys)}.");

    private static Dictionary<string, Type> Scan(string what, Func<T, string> keyOf)
    {
        Dictionary<string, Type> types = new(StringComparer.Ordinal);
        foreach (Type type in Assembly.GetExecutingAssembly().GetTypes().Where(type => type.IsSubclassOf(typeof(T)) && type is { IsAbstract: false, IsPublic: true }))
        {
            string key = keyOf((T)Activator.CreateInstance(type)!);
            if (!types.TryAdd(key, type))
            {
                throw new InvalidOperationException($"Two of one kind, {what}, are called '{key}': {types[key].Name} and {type.Name}.");
            }
        }

        return types;
    }
}
