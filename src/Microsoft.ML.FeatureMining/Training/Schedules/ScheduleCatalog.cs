using Microsoft.ML.FeatureMining.Catalogs;

namespace Microsoft.ML.FeatureMining.Training.Schedules;

/// <summary>The learning rate schedules of this assembly by key.</summary>
public static class ScheduleCatalog
{
    private static readonly TypeCatalog<LearningRateSchedule> Catalog = new("learning rate schedule", part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys { get; } = Catalog.Keys;

    /// <summary>A schedule with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists those there are.</exception>
    public static LearningRateSchedule Create(string key) => Catalog.Create(key);
}
