using Microsoft.ML.FeatureMining.Catalogs;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>The augmentations of this assembly by key.</summary>
public static class AugmentationCatalog
{
    private static readonly TypeCatalog<ImageAugmentation> Catalog = new("augmentation", part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys { get; } = Catalog.Keys;

    /// <summary>An augmentation with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists those there are.</exception>
    public static ImageAugmentation Create(string key) => Catalog.Create(key);
}
