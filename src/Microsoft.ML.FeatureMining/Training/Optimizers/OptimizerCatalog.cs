using Microsoft.ML.FeatureMining.Catalogs;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>The optimizers of this assembly by key.</summary>
public static class OptimizerCatalog
{
    private static readonly TypeCatalog<Optimizer> Catalog = new("optimizer", part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys { get; } = Catalog.Keys;

    /// <summary>An optimizer with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists those there are.</exception>
    public static Optimizer Create(string key) => Catalog.Create(key);
}
