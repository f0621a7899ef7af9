using Microsoft.ML.FeatureMining.Catalogs;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>The strategies of this assembly by key.</summary>
public static class StrategyCatalog
{
    private static readonly TypeCatalog<TrainingStrategy> Catalog = new("training strategy", part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys { get; } = Catalog.Keys;

    /// <summary>A strategy with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists those there are.</exception>
    public static TrainingStrategy Create(string key) => Catalog.Create(key);
}
