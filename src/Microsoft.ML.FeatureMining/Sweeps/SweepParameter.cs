using System.Globalization;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>One setting that a sweep varies. Every value has a place in [0, 1), by which it is drawn, compared and shown.</summary>
public abstract class SweepParameter
{
    private protected SweepParameter(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>The setting: the name of a property of the options.</summary>
    public string Name { get; }

    /// <summary>The value at a place.</summary>
    /// <param name="place">In [0, 1).</param>
    internal abstract object At(double place);

    /// <summary>The middle of the places that give that value.</summary>
    internal abstract double PlaceOf(object value);

    /// <summary>Values for a grid, at even places.</summary>
    /// <param name="steps">How many, where the values are not a list.</param>
    internal abstract IReadOnlyList<object> Grid(int steps);

    /// <summary>A value from its text, as it stands in a journal.</summary>
    /// <exception cref="FormatException">It is no such value.</exception>
    internal abstract object Parse(string text);
}

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

/// <summary>A number between two bounds, evenly or, where it is logarithmic, evenly by its logarithm.</summary>
public sealed class NumberParameter : SweepParameter
{
    // A whole number is drawn from the interval that rounds to it; the ends must not get half of one.
    private readonly double _low;
    private readonly double _high;

    /// <param name="name">The name of a property of the options.</param>
    /// <param name="min">The least value.</param>
    /// <param name="max">The largest value.</param>
    /// <param name="logarithmic">Whether ratios count rather than differences; the bounds are more than 0 then.</param>
    /// <param name="wholeNumber">Whether only whole numbers are tried.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bounds are no interval, or not one that has logarithms.</exception>
    public NumberParameter(string name, double min, double max, bool logarithmic = false, bool wholeNumber = false)
        : base(name)
    {
        if (!(double.IsFinite(min) && double.IsFinite(max) && min < max) || (logarithmic && min <= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(min), FormattableString.Invariant($"{name} from {min} to {max} is no {(logarithmic ? "logarithmic " : "")}interval."));
        }

        (Min, Max, IsLogarithmic, IsInteger) = (min, max, logarithmic, wholeNumber);
        double half = wholeNumber ? 0.5 : 0;
        (_low, _high) = (Scale(min - (logarithmic && wholeNumber ? Math.Min(half, min / 2) : half)), Scale(max + half));
    }

    /// <summary>The least value.</summary>
    public double Min { get; }

    /// <summary>The largest value.</summary>
    public double Max { get; }

    /// <summary>Whether ratios count rather than differences.</summary>
    public bool IsLogarithmic { get; }

    /// <summary>Whether only whole numbers are tried.</summary>
    public bool IsInteger { get; }

    internal override object At(double place)
    {
        double scaled = _low + place * (_high - _low);
        double value = IsLogarithmic ? Math.Exp(scaled) : scaled;
        // No minus stands before a zero that was rounded.
        return Math.Clamp(IsInteger ? Math.Round(value) + 0.0 : value, Min, Max);
    }

    internal override double PlaceOf(object value) =>
        Math.Clamp((Scale(Convert.ToDouble(value, CultureInfo.InvariantCulture)) - _low) / (_high - _low), 0, Math.BitDecrement(1.0));

    internal override IReadOnlyList<object> Grid(int steps)
    {
        double first = Scale(Min);
        IEnumerable<double> places = Enumerable.Range(0, steps).Select(i => first + (steps == 1 ? 0.5 : (double)i / (steps - 1)) * (Scale(Max) - first));
        return [.. places.Select(scaled => IsLogarithmic ? Math.Exp(scaled) : scaled).Select(value => Math.Clamp(IsInteger ? Math.Round(value) : value, Min, Max)).Distinct().Cast<object>()];
    }

    internal override object Parse(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private double Scale(double value) => IsLogarithmic ? Math.Log(value) : value;
}
