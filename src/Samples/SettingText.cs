using System.ComponentModel;
using System.Globalization;
using System.Reflection;

namespace Samples;

/// <summary>Settings as text. A part of a catalog is <c>key</c> or <c>key:name=value,name=value</c>; names are those of its properties, in any case, hyphens left out; numbers of a list are parted by
/// semicolons.</summary>
internal static class SettingText
{
    /// <summary>Reads a part of a catalog.</summary>
    /// <exception cref="ArgumentException">There is no such part or setting, or a value cannot be read.</exception>
    public static T Part<T>(string text, Func<string, T> create)
        where T : class
    {
        string[] halves = text.Split(':', 2);
        T part = create(halves[0]);
        foreach (string assignment in halves.Skip(1).SelectMany(half => half.Split(',')))
        {
            Assign(part, assignment);
        }

        return part;
    }

    /// <summary>Sets <c>name=value</c> on an object that nobody else holds yet.</summary>
    /// <exception cref="ArgumentException">There is no such setting, or the value cannot be read.</exception>
    public static void Assign(object target, string assignment)
    {
        (PropertyInfo setting, string value) = Find(target.GetType(), assignment);
        try
        {
            setting.SetValue(target, setting.PropertyType == typeof(IReadOnlyList<double>)
                ? value.Split(';').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray()
                : TypeDescriptor.GetConverter(setting.PropertyType).ConvertFromString(null, CultureInfo.InvariantCulture, value));
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException)
        {
            throw new ArgumentException($"'{assignment}': '{value}' is no {(setting.PropertyType == typeof(IReadOnlyList<double>) ? "list of numbers" : Bare(setting.PropertyType).Name)}.", e);
        }
    }

    /// <summary>The property that <c>name=value</c> sets.</summary>
    /// <exception cref="ArgumentException">There is no such setting.</exception>
    public static string PropertyName(Type type, string assignment) => Find(type, assignment).Setting.Name;

    private static (PropertyInfo Setting, string Value) Find(Type type, string assignment)
    {
        string[] halves = assignment.Split('=', 2);
        PropertyInfo[] settings = [.. type.GetProperties().Where(property => property.CanWrite && IsText(property.PropertyType))];
        PropertyInfo? setting = halves.Length < 2 ? null : settings.FirstOrDefault(property => property.Name.Equals(halves[0].Replace("-", ""), StringComparison.OrdinalIgnoreCase));
        return setting is null
            ? throw new ArgumentException($"'{assignment}' is no name=value with one of the names {string.Join(", ", settings.Select(property => property.Name))}.")
            : (setting, halves[1]);
    }

    private static bool IsText(Type type) => type == typeof(IReadOnlyList<double>) || Bare(type) is { } bare && (bare.IsPrimitive || bare.IsEnum || bare == typeof(string) || bare == typeof(TimeSpan));

    private static Type Bare(Type type) => Nullable.GetUnderlyingType(type) ?? type;
}
