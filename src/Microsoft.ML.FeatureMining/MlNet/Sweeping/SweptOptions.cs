using System.Globalization;
using System.Reflection;
using Microsoft.ML.FeatureMining.MlNet.Trainers;
using Microsoft.ML.FeatureMining.Sweeps;

namespace Microsoft.ML.FeatureMining.MlNet.Sweeping;

/// <summary>Options with some properties set by their names.</summary>
internal static class SweptOptions
{
    /// <summary>A copy of the options, which stay as they are.</summary>
    /// <exception cref="ArgumentException">There is no such property, or it takes no such value.</exception>
    public static TOptions With<TOptions>(TOptions options, IEnumerable<KeyValuePair<string, object>> settings)
        where TOptions : ImageClassificationOptions
    {
        // A copy, whatever the record's own type.
        ImageClassificationOptions copy = options with { };
        foreach ((string name, object value) in settings)
        {
            PropertyInfo property = PropertyOf(options.GetType(), name);
            property.SetValue(copy, ValueFor(property, value));
        }

        return (TOptions)copy;
    }

    /// <summary>What is wrong with parameters, and with names of what is not to vary, for such options.</summary>
    public static IEnumerable<string> Problems(ImageClassificationOptions options, IReadOnlyList<SweepParameter> parameters, IEnumerable<string> settled)
    {
        if (parameters.Count == 0)
            yield return "Nothing is left to vary: name Parameters.";
        foreach (string name in settled.Where(name => options.GetType().GetProperty(name) is null))
            yield return $"{options.GetType().Name} has no property '{name}' to fix.";
        foreach (SweepParameter parameter in parameters)
        {
            string? problem = null;
            try
            {
                foreach (object value in parameter.Grid(2))
                {
                    ValueFor(PropertyOf(options.GetType(), parameter.Name), value);
                }
            }
            catch (ArgumentException e)
            {
                problem = e.Message;
            }

            if (problem is not null)
                yield return problem;
        }
    }

    /// <summary>What is wrong with the options whatever the parameters are: no trial could be trained.</summary>
    public static IEnumerable<string> ProblemsOfAnyTrial(ImageClassificationOptions options, IReadOnlyList<SweepParameter> parameters) => OptionsCheck.Problems(options).Intersect(
        OptionsCheck.Problems(With(options, parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.At(0.5))))));

    private static PropertyInfo PropertyOf(Type options, string name) => options.GetProperty(name) is { CanWrite: true } property
        ? property
        : throw new ArgumentException($"{options.Name} has no property '{name}' to sweep.");

    private static object ValueFor(PropertyInfo property, object value)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        try
        {
            return type.IsInstanceOfType(value) ? value
                : type.IsEnum ? Enum.Parse(type, Convert.ToString(value, CultureInfo.InvariantCulture)!)
                : Convert.ChangeType(value, type, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is InvalidCastException or FormatException or OverflowException or ArgumentException)
        {
            throw new ArgumentException($"{property.Name} is of type {type.Name}; '{value}' is none.", e);
        }
    }
}
