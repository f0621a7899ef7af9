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
