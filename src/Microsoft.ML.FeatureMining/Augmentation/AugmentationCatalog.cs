using Microsoft.ML.FeatureMining.Catalogs;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>The augmentations of this library, and those that were registered, by key.</summary>
public static class AugmentationCatalog
{
    private static readonly PartCatalog<ImageAugmentation> Catalog = new("augmentation", part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Makes an augmentation with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists the known keys.</exception>
    public static ImageAugmentation Create(string key) => Catalog.Create(key);

    /// <summary>Adds an augmentation of your own under its <see cref="ImageAugmentation.Key"/>, so that <see cref="Create"/>, and the command line of a program that uses it, know it. Safe to call from any thread.</summary>
    /// <param name="create">Makes a new one with its default settings at each call, e.g. <c>() => new MyAugmentation()</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or has other characters than letters, digits, hyphens, underscores and dots.</exception>
    public static void Register(Func<ImageAugmentation> create) => Catalog.Register(create);

    /// <summary>Says what is wrong with the key of a part, or null where it names this part or none.</summary>
    internal static string? Problem(ImageAugmentation part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<ImageAugmentation>(part => part.Key, Create);
}
