using System.Globalization;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>One of a few values without an order: numbers, text or yes and no.</summary>
public sealed class ChoiceParameter : SweepParameter
{
    /// <param name="name">The name of a property of the options.</param>
    /// <param name="values">Two or more, each once.</param>
    /// <exception cref="ArgumentException">There are fewer than two, or one is there twice.</exception>
    public ChoiceParameter(string name, params IReadOnlyList<object> values)
        : base(name)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count < 2 || values.Select(TextOf).Distinct(StringComparer.Ordinal).Count() < values.Count)
        {
            throw new ArgumentException($"{name} needs two or more values, each once.", nameof(values));
        }

        Values = [.. values];
    }

    /// <summary>What it may be.</summary>
    public IReadOnlyList<object> Values { get; }

    internal static string TextOf(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    internal int IndexOf(object value) => Values.Index().Where(entry => TextOf(entry.Item) == TextOf(value)).Select(entry => entry.Index).DefaultIfEmpty(-1).First();

    internal override object At(double place) => Values[(int)(place * Values.Count)];

    internal override double PlaceOf(object value) => (IndexOf(value) + 0.5) / Values.Count;

    internal override IReadOnlyList<object> Grid(int steps) => Values;

    internal override object Parse(string text) =>
        Values.FirstOrDefault(value => TextOf(value) == text) ?? throw new FormatException($"'{text}' is none of the values of {Name}.");
}
