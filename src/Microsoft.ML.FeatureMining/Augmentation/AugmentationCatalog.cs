using System.Reflection;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>The augmentations of this assembly by key, found once by their type; two of one key are refused.</summary>
public static class AugmentationCatalog
{
    private static readonly Dictionary<string, Type> Types = Scan();

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Types.Keys.Order(StringComparer.Ordinal)];

    /// <summary>An augmentation with its default settings.</summary>
    /// <exception cref="ArgumentException">No augmentation has that key.</exception>
    public static ImageAugmentation Create(string key) => Types.TryGetValue(key, out Type? type)
        ? (ImageAugmentation)Activator.CreateInstance(type)!
        : throw new ArgumentException($"No augmentation is called '{key}'. Known: {string.Join(", ", Keys)}.", nameof(key));

    private static Dictionary<string, Type> Scan()
    {
        Dictionary<string, Type> types = new(StringComparer.Ordinal);
        foreach (Type type in Assembly.GetExecutingAssembly().GetTypes().Where(type => type.IsSubclassOf(typeof(ImageAugmentation)) && !type.IsAbstract))
        {
            string key = ((ImageAugmentation)Activator.CreateInstance(type)!).Key;
            if (!types.TryAdd(key, type))
            {
                throw new InvalidOperationException($"Two augmentations are called '{key}': {types[key].Name} and {type.Name}.");
            }
        }

        return types;
    }
}
