using Microsoft.ML.FeatureMining.Catalogs;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>The optimizers of this library, and those that were registered, by key.</summary>
public static class OptimizerCatalog
{
    private static readonly PartCatalog<Optimizer> Catalog = new("optimizer", part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Makes an optimizer with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists the known keys.</exception>
    public static Optimizer Create(string key) => Catalog.Create(key);

    /// <summary>Adds an optimizer of your own under its <see cref="Optimizer.Key"/>, so that <see cref="Create"/>, and the command line of a program that uses it, know it. Safe to call from any thread.</summary>
    /// <param name="create">Makes a new one with its default settings at each call, e.g. <c>() => new MyOptimizer()</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or has other characters than letters, digits, hyphens, underscores and dots.</exception>
    public static void Register(Func<Optimizer> create) => Catalog.Register(create);

    /// <summary>Says what is wrong with the key of a part, or null where it names this part or none.</summary>
    internal static string? Problem(Optimizer part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<Optimizer>(part => part.Key, Create);
}
