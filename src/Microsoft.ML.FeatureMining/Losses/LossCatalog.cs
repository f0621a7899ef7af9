using System.Reflection;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>The criteria of this assembly by key, found once by their type; two of one key are refused.</summary>
public static class LossCatalog
{
    private static readonly Dictionary<string, Type> Types = Scan();

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Types.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A loss with its default settings.</summary>
    /// <exception cref="ArgumentException">No loss has that key.</exception>
    public static ClassificationLoss Create(string key) => Types.TryGetValue(key, out Type? type)
        ? (ClassificationLoss)Activator.CreateInstance(type)!
        : throw new ArgumentException($"No loss is called '{key}'. Known: {string.Join(", ", Keys)}.", nameof(key));

    private static Dictionary<string, Type> Scan()
    {
        Dictionary<string, Type> types = new(StringComparer.Ordinal);
        foreach (Type type in Assembly.GetExecutingAssembly().GetTypes().Where(type => type.IsSubclassOf(typeof(ClassificationLoss)) && !type.IsAbstract))
        {
            string key = ((ClassificationLoss)Activator.CreateInstance(type)!).Key;
            if (!types.TryAdd(key, type))
            {
                throw new InvalidOperationException($"Two losses are called '{key}': {types[key].Name} and {type.Name}.");
            }
        }

        return types;
    }
}
