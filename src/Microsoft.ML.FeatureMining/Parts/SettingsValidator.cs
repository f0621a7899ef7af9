using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Microsoft.ML.FeatureMining.Parts;

/// <summary>
/// Checks settings against the validation attributes of their properties (<see cref="RangeAttribute"/> and the others of
/// System.ComponentModel.DataAnnotations), and that enum values are defined. Nested parts (a loss, a list of augmentations) are checked as well. Rules about
/// several properties are in the <c>Problems</c> method of each part.
/// </summary>
internal static class SettingsValidator
{
    /// <summary>All validation errors, one sentence each; empty if the settings are valid.</summary>
    public static IEnumerable<string> Problems(object settings) => Problems(settings, KeyOf(settings) is { } key ? $" of {key}" : "");

    private static IEnumerable<string> Problems(object settings, string owner)
    {
        foreach (PropertyInfo property in settings.GetType().GetProperties().Where(property => property.CanWrite && property.GetIndexParameters().Length == 0))
        {
            if (!TryRead(property, settings, out object? value))
            {
                continue;
            }

            foreach (ValidationAttribute rule in property.GetCustomAttributes<ValidationAttribute>().Where(rule => !rule.IsValid(value)))
            {
                yield return $"{property.Name}{owner} {Rule(rule)}; it is {Text(value)}.";
            }

            if (value is Enum choice && !IsDefined(choice))
            {
                yield return $"{property.Name}{owner} must be one of {string.Join(", ", Enum.GetNames(choice.GetType()))}; it is {Text(value)}.";
            }

            foreach (object part in PartsOf(property, value))
            {
                foreach (string problem in Problems(part, $" of {KeyOf(part) ?? property.Name}"))
                {
                    yield return problem;
                }
            }
        }
    }

    // A getter of a user's part may throw. It is reported later, when the part is serialized for the manifest.
    private static bool TryRead(PropertyInfo property, object settings, out object? value)
    {
        try
        {
            value = property.GetValue(settings);
            return true;
        }
        catch (TargetInvocationException)
        {
            value = null;
            return false;
        }
    }

    // By the declared type, which is in this library; a user's derived type may be in any assembly.
    private static IEnumerable<object> PartsOf(PropertyInfo property, object? value)
    {
        Type type = property.PropertyType;
        Type declared = type.IsGenericType && value is IEnumerable ? type.GetGenericArguments()[0] : type;
        return declared is not { IsClass: true } || declared.Assembly != typeof(SettingsValidator).Assembly || value is null ? []
            : value is IEnumerable parts ? parts.Cast<object?>().OfType<object>()
            : [value];
    }

    private static string? KeyOf(object part) =>
        part.GetType().GetProperty("Key") is { } key && TryRead(key, part, out object? value) && value is string { Length: > 0 } text ? text : null;

    private static bool IsDefined(Enum value) => value.GetType().IsDefined(typeof(FlagsAttribute)) || Enum.IsDefined(value.GetType(), value);

    private static string Rule(ValidationAttribute rule) =>
        rule switch
        {
            RangeAttribute range => Rule(range),
            RequiredAttribute or MinLengthAttribute { Length: 1 } => "must not be empty",
            _ => $"is not valid: {rule.FormatErrorMessage("it")}",
        };

    private static string Rule(RangeAttribute range)
    {
        string least = $"{(range.MinimumIsExclusive ? "above" : "at least")} {Text(range.Minimum)}";
        return range.Maximum is double.MaxValue ? $"must be {least} and finite"
            : range.Maximum is int.MaxValue or "max" ? $"must be {least}"
            : $"must be {least} and {(range.MaximumIsExclusive ? "below" : "at most")} {Text(range.Maximum)}";
    }

    private static string Text(object? value) =>
        value switch
        {
            null => "null",
            "" => "empty",
            string text => $"'{text}'",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString()!,
        };
}
