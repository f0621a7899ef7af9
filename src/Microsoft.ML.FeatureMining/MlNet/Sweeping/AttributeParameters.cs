using System.Globalization;
using System.Reflection;
using Microsoft.ML.FeatureMining.MlNet.Trainers;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureMining.MlNet.Sweeping;

/// <summary>What ML.NET's attributes on options say of sweeping them.</summary>
internal static class AttributeParameters
{
    // The resource that early stopping hands out.
    private const string Epochs = nameof(ImageClassificationOptions.Epochs);

    /// <summary>The swept properties of options of that type, in the order of their names, without Epochs.</summary>
    public static IReadOnlyList<SweepParameter> Of(Type options) =>
        [.. options.GetProperties().Where(property => property.Name != Epochs).OrderBy(property => property.Name, StringComparer.Ordinal).Select(Of).OfType<SweepParameter>()];

    /// <summary>Those of them that may vary with such options: neither fixed, nor refused beside the others, nor without an effect.</summary>
    public static IReadOnlyList<SweepParameter> Of(ImageClassificationOptions options, IEnumerable<string> settled)
    {
        HashSet<string> stay = [.. settled, .. options.Optimizer is null ? [] : new[] { nameof(options.Momentum), nameof(options.Nesterov) }];
        int problems = OptionsCheck.Problems(options).Count();
        return [.. Of(options.GetType()).Where(parameter => !stay.Contains(parameter.Name)
            && parameter.Grid(2).All(value => OptionsCheck.Problems(SweptOptions.With(options, [KeyValuePair.Create(parameter.Name, value)])).Count() <= problems))];
    }

    private static SweepParameter? Of(PropertyInfo property)
    {
        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            return new NumberParameter(
                property.Name, Convert.ToDouble(range.Min, CultureInfo.InvariantCulture), Convert.ToDouble(range.Max, CultureInfo.InvariantCulture), range.LogBase, property.PropertyType == typeof(int));
        }
        if (property.GetCustomAttribute<ChoiceAttribute>() is { } choice)
            return new ChoiceParameter(property.Name, choice.Candidates);
        return property.GetCustomAttribute<BooleanChoiceAttribute>() is null ? null : new ChoiceParameter(property.Name, false, true);
    }
}
