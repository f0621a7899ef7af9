using System.Globalization;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>One axis of a plot: where values lie on it and where its marks are.</summary>
/// <param name="Label">What it measures, with its unit.</param>
/// <param name="Min">Where it begins.</param>
/// <param name="Max">Where it ends.</param>
/// <param name="IsWhole">Whether its values are whole numbers, and so its marks.</param>
internal sealed record PlotAxis(string Label, double Min, double Max, bool IsWhole = false)
{
    private const int MostTicks = 6;

    /// <summary>An axis that holds all values, wide enough to be drawn even where they are all the same.</summary>
    public static PlotAxis Over(string label, IEnumerable<double> values, bool fromZero = false, bool isWhole = false)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        (double min, double max) = finite.Length == 0 ? (0, 1) : (finite.Min(), finite.Max());
        min = fromZero ? Math.Min(0, min) : min;
        return max > min ? new PlotAxis(label, min, max, isWhole) : new PlotAxis(label, min - 0.5, max + 0.5, isWhole);
    }

    /// <summary>Where a value lies, 0 at the beginning, 1 at the end; what lies beyond is put there.</summary>
    public double Place(double value) => Math.Clamp((value - Min) / (Max - Min), 0, 1);

    /// <summary>Round numbers along the axis.</summary>
    public IEnumerable<double> Ticks()
    {
        double step = RoundStep.Of(Math.Max((Max - Min) / MostTicks, IsWhole ? 1 : 0));
        for (double i = Math.Ceiling(Min / step - 1e-9); i * step <= Max + 1e-9 * step; i++)
        {
            // Without the sign of a negative zero.
            yield return i * step + 0.0;
        }
    }

    public string Text(double value) => value.ToString("0.#####", CultureInfo.InvariantCulture);
}
