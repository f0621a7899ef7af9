using System.Globalization;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Which strategies cannot go together, and why: a table over their traits, so that a strategy of the user's own is judged by the same rules.</summary>
internal static class CompositionRules
{
    private static readonly (StrategyTraits One, StrategyTraits Other, string Reason)[] Rules =
    [
        (StrategyTraits.MixesImages, StrategyTraits.NeedsWholeImages,
            "The strategy '{0}' blends images of different classes, and '{1}' compares images of one class, which blended ones no longer are; leave one of the two out."),
        (StrategyTraits.OrdersImages, StrategyTraits.OrdersImages,
            "The strategies '{0}' and '{1}' both decide in which order images come, and there is one order; leave one of the two out."),
    ];

    // A rule between two equal traits would name each pair twice.
    public static IEnumerable<string> Problems(IReadOnlyList<TrainingStrategy> strategies) =>
        from i in Enumerable.Range(0, strategies.Count)
        from j in Enumerable.Range(0, strategies.Count)
        from rule in Rules
        where i != j && (rule.One != rule.Other || i < j)
        where strategies[i].Traits.HasFlag(rule.One) && strategies[j].Traits.HasFlag(rule.Other)
        select string.Format(CultureInfo.InvariantCulture, rule.Reason, strategies[i].Key, strategies[j].Key);
}
