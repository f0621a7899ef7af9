using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Microsoft.ML.FeatureMining.Parts;

namespace Samples;

/// <summary>
/// Settings as text. A part of a catalog is <c>key</c> or <c>key:name=value,name=value</c>. Names are property names, case-insensitive, with or without
/// hyphens; <c>Optimizer.Momentum</c> names a property of a part. Numbers of a list are separated by semicolons.
/// </summary>
internal static class SettingText
{
    private const int MostListed = 20;

    /// <summary>Reads a part of a catalog.</summary>
    /// <exception cref="ArgumentException">The part or setting is unknown, or a value is invalid.</exception>
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

    /// <summary>Sets <c>name=value</c> on an object that is not shared yet.</summary>
    /// <exception cref="ArgumentException">The setting is unknown, or the value is invalid.</exception>
    public static void Assign(object target, string assignment)
    {
        string[] halves = assignment.Split('=', 2);
        (object owner, PropertyInfo setting) = Find(target, halves[0]);
        Type type = setting.PropertyType;
        if (halves.Length < 2)
        {
            throw new ArgumentException($"'{assignment}' has no value: write {setting.Name}=VALUE.");
        }

        try
        {
            setting.SetValue(
                owner,
                type == typeof(IReadOnlyList<double>) ? halves[1].Split(';').Select(NumberText.Parse<double>).ToArray()
                    : Bare(type) == typeof(double) && halves[1].Length > 0 ? NumberText.Parse<double>(halves[1])
                    : Bare(type) == typeof(int) && halves[1].Length > 0 ? NumberText.Parse<int>(halves[1])
                    : TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, halves[1])
            );
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException)
        {
            throw new ArgumentException(
                $"'{assignment}': '{halves[1]}' is not a valid {(type == typeof(IReadOnlyList<double>) ? "list of numbers" : Noun(Bare(type)))}."
                    + (
                        Bare(type) == typeof(double) ? NumberText.Hint<double>(halves[1])
                        : Bare(type).IsEnum ? $" It is one of {string.Join(", ", Enum.GetNames(Bare(type)))}."
                        : Bare(type) == typeof(bool) ? " It is true or false."
                        : ""
                    ),
                e
            );
        }
    }

    /// <summary>Sets a property, or one of a part (<c>EarlyStopping.Patience</c>), on an object that is not shared yet.</summary>
    /// <exception cref="ArgumentException">The property is unknown.</exception>
    public static void Set(object target, string name, object? value)
    {
        (object owner, PropertyInfo setting) = Find(target, name);
        setting.SetValue(owner, value);
    }

    /// <summary>The name of the property that <c>name=value</c> sets.</summary>
    /// <exception cref="ArgumentException">The setting is unknown.</exception>
    public static string PropertyName(object target, string assignment)
    {
        string name = assignment.Split('=', 2)[0];
        (object owner, PropertyInfo setting) = Find(target, name);
        int dot = name.LastIndexOf('.');
        return dot < 0 ? setting.Name : $"{name[..dot]}.{setting.Name}";
    }

    private static (object Owner, PropertyInfo Setting) Find(object target, string name)
    {
        string[] path = name.Split('.');
        for (int i = 0; i < path.Length - 1; i++)
        {
            PropertyInfo part = Property(target, path[i], name);
            if (part.GetValue(target) is null)
            {
                part.SetValue(
                    target,
                    part.PropertyType.IsAbstract
                        ? throw new ArgumentException($"'{name}' cannot be set without {part.Name}. Give {part.Name} first.")
                        : Activator.CreateInstance(part.PropertyType)
                );
            }

            target = part.GetValue(target)!;
        }

        return (target, Property(target, path[^1], name));
    }

    private static PropertyInfo Property(object target, string word, string name)
    {
        PropertyInfo[] settings = [.. target.GetType().GetProperties().Where(property => property.CanWrite)];
        return Array.Find(settings, property => property.Name.Equals(word.Replace("-", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException(
                Spelling.Hint(word, settings.Select(property => property.Name)) is { Length: > 0 } hint
                    ? $"'{name}' is not a setting of {target.GetType().Name}.{hint}"
                    : $"'{name}' is not a setting of {target.GetType().Name}. {Names(settings)}"
            );
    }

    private static string Noun(Type type) =>
        type == typeof(double) ? "number"
        : type == typeof(int) || type == typeof(long) ? "whole number"
        : type == typeof(bool) ? "truth value"
        : type.Name;

    private static string Names(PropertyInfo[] settings) =>
        settings.Length > MostListed
            ? "--verbose prints all settings of a run."
            : $"Its settings are {string.Join(", ", settings.Where(property => IsText(property.PropertyType)).Select(property => property.Name))}.";

    private static bool IsText(Type type) =>
        type == typeof(IReadOnlyList<double>)
        || Bare(type) is { } bare && (bare.IsPrimitive || bare.IsEnum || bare == typeof(string) || bare == typeof(TimeSpan));

    private static Type Bare(Type type) => Nullable.GetUnderlyingType(type) ?? type;
}
