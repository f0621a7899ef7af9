namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>The optimizers by key.</summary>
public static class OptimizerCatalog
{
    private static readonly Dictionary<string, Optimizer> Defaults =
        new Optimizer[] { new AdamOptimizer(), new AdamWOptimizer(), new RmsPropOptimizer(), new RmsPropTfOptimizer(), new SgdOptimizer() }.ToDictionary(optimizer => optimizer.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Defaults.Keys.Order(StringComparer.Ordinal)];

    /// <summary>An optimizer with its default settings.</summary>
    /// <exception cref="ArgumentException">No optimizer has that key.</exception>
    public static Optimizer Create(string key) => Defaults.TryGetValue(key, out Optimizer? optimizer)
        ? optimizer with { }
        : throw new ArgumentException($"No optimizer is called '{key}'. Known: {string.Join(", ", Keys)}.", nameof(key));
}
