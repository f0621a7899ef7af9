using Microsoft.ML.FeatureMining.Catalogs;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>The criteria of this assembly by key.</summary>
public static class LossCatalog
{
    private static readonly TypeCatalog<ClassificationLoss> Catalog = new("loss", part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys { get; } = Catalog.Keys;

    /// <summary>A loss with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists those there are.</exception>
    public static ClassificationLoss Create(string key) => Catalog.Create(key);
}
