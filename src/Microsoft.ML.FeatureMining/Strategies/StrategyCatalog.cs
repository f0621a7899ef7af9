using System.Reflection;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>The strategies of this assembly by key, found once by their type; two of one key are refused.</summary>
public static class StrategyCatalog
{
    private static readonly Dictionary<string, Type> Types = Scan();

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Types.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A strategy with its default settings.</summary>
    /// <exception cref="ArgumentException">No strategy has that key.</exception>
    public static TrainingStrategy Create(string key) => (TrainingStrategy)Activator.CreateInstance(TypeOf(key))!;

    internal static Type TypeOf(string key) => Types.TryGetValue(key, out Type? type)
        ? type
        : throw new ArgumentException($"No training strategy is called '{key}'. Known: {string.Join(", ", Keys)}.", nameof(key));

    private static Dictionary<string, Type> Scan()
    {
        Dictionary<string, Type> types = new(StringComparer.Ordinal);
        foreach (Type type in Assembly.GetExecutingAssembly().GetTypes().Where(type => type.IsSubclassOf(typeof(TrainingStrategy)) && !type.IsAbstract))
        {
            string key = ((TrainingStrategy)Activator.CreateInstance(type)!).Key;
            if (!types.TryAdd(key, type))
            {
                throw new InvalidOperationException($"Two training strategies are called '{key}': {types[key].Name} and {type.Name}.");
            }
        }

        return types;
    }
}
