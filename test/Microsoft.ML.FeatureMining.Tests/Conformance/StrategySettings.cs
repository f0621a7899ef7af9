using System.Reflection;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Finds settings of a strategy by reflection: its defaults, and each property by itself at values far from them.</summary>
internal static class StrategySettings
{
    private const int StageCount = 3;

    /// <summary>The defaults, as <c>key</c>, and each allowed change of one property, as <c>key Property=value</c>.</summary>
    public static IEnumerable<string> Allowed(string key) => [key, .. Changes(key).Where(settings => !Create(settings).Problems(StageCount).Any())];

    /// <summary>Changes of one property that the strategy itself refuses.</summary>
    public static IEnumerable<string> Refused(string key) => Changes(key).Where(settings => Create(settings).Problems(StageCount).Any());

    public static TrainingStrategy Create(string settings)
    {
        string[] parts = settings.Split(' ', '=');
        TrainingStrategy strategy = StrategyCatalog.Create(parts[0]);
        if (parts.Length > 1)
        {
            PropertyInfo property = strategy.GetType().GetProperty(parts[1])!;
            property.SetValue(strategy, Values(property.PropertyType).Single(value => Convert.ToString(value, null) == parts[2]));
        }

        return strategy;
    }

    private static IEnumerable<string> Changes(string key) =>
        from property in StrategyCatalog.Create(key).GetType().GetProperties()
        where property.CanWrite
        from value in Values(property.PropertyType)
        select $"{key} {property.Name}={value}";

    private static IEnumerable<object> Values(Type type) => type switch
    {
        _ when type.IsEnum => [.. Enum.GetValues(type).Cast<object>(), Enum.ToObject(type, 99)],
        _ when type == typeof(bool) => [false, true],
        _ when type == typeof(int) => [-1, 0, 1, 2, 3, 4, int.MaxValue],
        _ when type == typeof(double) => [-1.0, 0.0, 0.001, 0.5, 1.0, 1000.0, double.NaN, double.PositiveInfinity],
        _ => [],
    };
}
