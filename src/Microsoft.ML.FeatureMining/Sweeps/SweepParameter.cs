using System.Globalization;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>One setting that a sweep varies. Each value has a position in [0, 1), which the samplers and the plots use.</summary>
public abstract class SweepParameter
{
    private protected SweepParameter(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>The name of the setting: a property of the options.</summary>
    public string Name { get; }

    /// <summary>The value at a position.</summary>
    /// <param name="position">In [0, 1).</param>
    internal abstract object ValueAt(double position);

    /// <summary>The middle of the positions that give this value.</summary>
    internal abstract double PositionOf(object value);

    /// <summary>Evenly spaced values for a grid.</summary>
    /// <param name="steps">The number of values of a number; a choice always gives all its values.</param>
    internal abstract IReadOnlyList<object> Grid(int steps);

    /// <summary>Parses a value from its text in the journal.</summary>
    /// <exception cref="FormatException">The text is not a value of this parameter.</exception>
    internal abstract object Parse(string text);
}

/// <summary>A categorical parameter: one of a few values without an order (numbers, strings or Booleans).</summary>
public sealed class ChoiceParameter : SweepParameter
{
    /// <param name="name">The name of a property of the options.</param>
    /// <param name="values">Two or more different values.</param>
    /// <exception cref="ArgumentException">There are fewer than two values, or a value appears twice.</exception>
    public ChoiceParameter(string name, params IReadOnlyList<object> values)
        : base(name)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count < 2 || values.Select(TextOf).Distinct(StringComparer.Ordinal).Count() < values.Count)
        {
            throw new ArgumentException($"The sweep parameter {name} needs two or more different values.", nameof(values));
        }

        Values = [.. values];
    }

    /// <summary>The values to choose from.</summary>
    public IReadOnlyList<object> Values { get; }

    internal static string TextOf(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    internal int IndexOf(object value) =>
        Values.Index().Where(entry => TextOf(entry.Item) == TextOf(value)).Select(entry => entry.Index).DefaultIfEmpty(-1).First();

    internal override object ValueAt(double position) => Values[(int)(position * Values.Count)];

    internal override double PositionOf(object value) => (IndexOf(value) + 0.5) / Values.Count;

    internal override IReadOnlyList<object> Grid(int steps) => Values;

    internal override object Parse(string text) =>
        Values.FirstOrDefault(value => TextOf(value) == text) ?? throw new FormatException($"'{text}' is not a value of {Name}.");
}

/// <summary>A number between two bounds, on a linear or a logarithmic scale.</summary>
public sealed class NumberParameter : SweepParameter
{
    // Bounds of the scaled interval. Extended by a half for whole numbers, so that the first and the last are as likely as the others.
    private readonly double _low;
    private readonly double _high;

    /// <param name="name">The name of a property of the options.</param>
    /// <param name="min">The smallest value.</param>
    /// <param name="max">The largest value.</param>
    /// <param name="logarithmic">Whether the scale is logarithmic; the bounds must be above 0 then.</param>
    /// <param name="wholeNumber">Whether only whole numbers are tried.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A bound is NaN or infinite, min is not below max, or min is not above 0 on a logarithmic scale.
    /// </exception>
    public NumberParameter(string name, double min, double max, bool logarithmic = false, bool wholeNumber = false)
        : base(name)
    {
        if (!(double.IsFinite(min) && double.IsFinite(max) && min < max) || (logarithmic && min <= 0))
        {
            string rule = logarithmic ? "min must be above 0 and below max on a logarithmic scale" : "min must be below max";
            throw new ArgumentOutOfRangeException(
                nameof(min),
                FormattableString.Invariant($"The sweep parameter {name} has an invalid range from {min} to {max}: {rule}.")
            );
        }

        (Min, Max, IsLogarithmic, IsInteger) = (min, max, logarithmic, wholeNumber);
        double half = wholeNumber ? 0.5 : 0;
        (_low, _high) = (Scale(min - (logarithmic && wholeNumber ? Math.Min(half, min / 2) : half)), Scale(max + half));
    }

    /// <summary>The smallest value.</summary>
    public double Min { get; }

    /// <summary>The largest value.</summary>
    public double Max { get; }

    /// <summary>Whether the scale is logarithmic.</summary>
    public bool IsLogarithmic { get; }

    /// <summary>Whether only whole numbers are tried.</summary>
    public bool IsInteger { get; }

    internal override object ValueAt(double position)
    {
        double scaled = _low + position * (_high - _low);
        double value = IsLogarithmic ? Math.Exp(scaled) : scaled;
        // Adding 0.0 turns negative zero into zero.
        return Math.Clamp(IsInteger ? Math.Round(value) + 0.0 : value, Min, Max);
    }

    internal override double PositionOf(object value) =>
        Math.Clamp((Scale(Convert.ToDouble(value, CultureInfo.InvariantCulture)) - _low) / (_high - _low), 0, Math.BitDecrement(1.0));

    internal override IReadOnlyList<object> Grid(int steps)
    {
        double first = Scale(Min);
        IEnumerable<double> scale = Enumerable.Range(0, steps).Select(i => first + (steps == 1 ? 0.5 : (double)i / (steps - 1)) * (Scale(Max) - first));
        return
        [
            .. scale
                .Select(scaled => IsLogarithmic ? Math.Exp(scaled) : scaled)
                .Select(value => Math.Clamp(IsInteger ? Math.Round(value) : value, Min, Max))
                .Distinct()
                .Cast<object>(),
        ];
    }

    internal override object Parse(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private double Scale(double value) => IsLogarithmic ? Math.Log(value) : value;
}
