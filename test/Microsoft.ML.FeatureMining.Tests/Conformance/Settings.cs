using System.Reflection;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Changes settings by reflection: one property at a time, with extreme values.</summary>
internal static class Settings
{
    /// <summary>Each change of one property, as <c>Property=value</c>.</summary>
    public static IEnumerable<string> Changes(object of) =>
        from property in of.GetType().GetProperties()
        where property.CanWrite
        from value in Values(property.PropertyType)
        select $"{property.Name}={value}";

    public static T Change<T>(T settings, string change)
        where T : class
    {
        string[] parts = change.Split('=');
        PropertyInfo property = settings.GetType().GetProperty(parts[0])!;
        property.SetValue(settings, Values(property.PropertyType).Single(value => Convert.ToString(value, null) == parts[1]));
        return settings;
    }

    private static IEnumerable<object> Values(Type type) =>
        type switch
        {
            _ when type.IsEnum => [.. Enum.GetValues(type).Cast<object>(), Enum.ToObject(type, 99)],
            _ when type == typeof(bool) => [false, true],
            _ when type == typeof(int) => [-1, 0, 1, 2, 3, 4, int.MaxValue],
            _ when type == typeof(double) => [-1.0, 0.0, 0.001, 0.5, 1.0, 1000.0, double.NaN, double.PositiveInfinity],
            _ => [],
        };
}
