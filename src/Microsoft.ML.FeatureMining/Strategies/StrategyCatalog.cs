using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>The training strategies of this library, and those that were registered, by key.</summary>
public static class StrategyCatalog
{
    private static readonly PartCatalog<TrainingStrategy> Catalog = new("training strategy", part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Makes a strategy with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists the known keys.</exception>
    public static TrainingStrategy Create(string key) => Catalog.Create(key);

    /// <summary>Adds a strategy of your own under its <see cref="TrainingStrategy.Key"/>, so that <see cref="Create"/>, and the command line of a program that uses it, know it. Safe to call from any thread.</summary>
    /// <param name="create">Makes a new one with its default settings at each call, e.g. <c>() => new MyStrategy()</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or has other characters than letters, digits, hyphens, underscores and dots.</exception>
    public static void Register(Func<TrainingStrategy> create) => Catalog.Register(create);

    /// <summary>Says what is wrong with the key of a part, or null where it names this part or none.</summary>
    internal static string? Problem(TrainingStrategy part) => Catalog.Problem(part);
}
