using System.Globalization;
using System.Xml.Linq;
using static Microsoft.ML.FeatureMining.Reports.Svg;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>A plot as inline SVG: lines and bars over two axes. Series differ by dash pattern as well as by color.</summary>
internal sealed class Plot(string title, string description, PlotAxis x, PlotAxis y)
{
    private const double Width = 400;
    private const double Height = 270;
    private const double Left = 62;
    private const double Right = 14;
    private const double Bottom = 42;
    private const double LegendRow = 18;
    private const int LegendColumns = 2;

    private readonly List<Func<IEnumerable<XElement>>> _marks = [];
    private readonly List<(string Name, int Style)> _legend = [];

    private double Top => 10 + LegendRow * ((_legend.Count + LegendColumns - 1) / LegendColumns);

    /// <summary>A line through points, with a gap where a value is NaN or infinite.</summary>
    /// <param name="name">The name in the legend; null for none.</param>
    /// <param name="points">The points in order.</param>
    /// <param name="style">The index of color and dash pattern, from 0.</param>
    public Plot Line(string? name, IEnumerable<(double X, double Y)> points, int style)
    {
        List<List<(double X, double Y)>> runs =
        [
            [],
        ];
        foreach ((double px, double py) in points)
        {
            if (double.IsFinite(px) && double.IsFinite(py))
            {
                runs[^1].Add((px, py));
            }
            else
            {
                runs.Add([]);
            }
        }

        // A polyline with a single point is invisible, so draw a dot.
        return Add(
            name,
            style,
            () =>
                runs.Where(run => run.Count > 0)
                    .Select(run =>
                        run.Count == 1
                            ? Dot(run[0], style)
                            : new XElement(
                                "polyline",
                                new XAttribute("class", $"line s{style}"),
                                new XAttribute("points", string.Join(' ', run.Select(point => $"{N(AtX(point.X))},{N(AtY(point.Y))}")))
                            )
                    )
        );
    }

    /// <summary>Bars that start at the lower end of the y axis.</summary>
    public Plot Bars(string? name, IEnumerable<(double From, double To, double Y)> bars, int style)
    {
        (double From, double To, double Y)[] all = [.. bars];
        return Add(
            name,
            style,
            () =>
                all.Select(bar => new XElement(
                    "rect",
                    new XAttribute("class", $"bar s{style}"),
                    A("x", AtX(bar.From) + 0.5),
                    A("y", AtY(bar.Y)),
                    A("width", Math.Max(0.5, AtX(bar.To) - AtX(bar.From) - 1)),
                    A("height", Height - Bottom - AtY(bar.Y))
                ))
        );
    }

    public XElement ToSvg() =>
        Image(
            "plot",
            Width,
            Height,
            $"{title}. {description}",
            new XElement("title", title),
            new XElement("desc", description),
            x.Ticks().SelectMany(VerticalTick),
            y.Ticks().SelectMany(HorizontalTick),
            Path("axis", $"M{N(Left)} {N(Top)}V{N(Height - Bottom)}H{N(Width - Right)}"),
            Text((Left + Width - Right) / 2, Height - 6, "middle", x.Label),
            new XElement(
                "text",
                A("x", 13),
                A("y", (Top + Height - Bottom) / 2),
                new XAttribute("text-anchor", "middle"),
                new XAttribute("transform", $"rotate(-90 13 {N((Top + Height - Bottom) / 2)})"),
                y.Label
            ),
            _marks.SelectMany(draw => draw()),
            _legend.OrderBy(entry => entry.Style).Index().SelectMany(entry => LegendEntry(entry.Index, entry.Item.Name, entry.Item.Style))
        );

    private Plot Add(string? name, int style, Func<IEnumerable<XElement>> draw)
    {
        if (name is not null)
        {
            _legend.Add((name, style));
        }

        _marks.Add(draw);
        return this;
    }

    private IEnumerable<XElement> VerticalTick(double value) =>
        [Path("grid", $"M{N(AtX(value))} {N(Top)}V{N(Height - Bottom)}"), Text(AtX(value), Height - Bottom + 15, "middle", x.Text(value))];

    private IEnumerable<XElement> HorizontalTick(double value) =>
        [Path("grid", $"M{N(Left)} {N(AtY(value))}H{N(Width - Right)}"), Text(Left - 5, AtY(value) + 4, "end", y.Text(value))];

    private static IEnumerable<XElement> LegendEntry(int index, string name, int style)
    {
        double left = Left + index % LegendColumns * (Width - Left - Right) / LegendColumns;
        double middle = 11 + index / LegendColumns * LegendRow;
        return [Path($"line s{style}", $"M{N(left)} {N(middle)}h24"), Text(left + 29, middle + 4, "start", name)];
    }

    private XElement Dot((double X, double Y) point, int style) =>
        new("circle", new XAttribute("class", $"dot s{style}"), A("cx", AtX(point.X)), A("cy", AtY(point.Y)), A("r", 3));

    private double AtX(double value) => Left + x.Position(value) * (Width - Right - Left);

    private double AtY(double value) => Height - Bottom - y.Position(value) * (Height - Bottom - Top);

    private static XAttribute A(string name, double value) => new(name, N(value));
}

/// <summary>Elements of inline SVG.</summary>
internal static class Svg
{
    /// <summary>The root element with a size in user units and a text alternative for screen readers.</summary>
    public static XElement Image(string cssClass, double width, double height, string label, params object[] content) =>
        new(
            "svg",
            new XAttribute("class", cssClass),
            new XAttribute("viewBox", $"0 0 {N(width)} {N(height)}"),
            new XAttribute("role", "img"),
            new XAttribute("aria-label", label),
            content
        );

    /// <param name="x">The x coordinate of its start, middle or end, depending on <paramref name="anchor"/>.</param>
    /// <param name="y">The baseline.</param>
    /// <param name="anchor">start, middle or end.</param>
    /// <param name="text">The text.</param>
    public static XElement Text(double x, double y, string anchor, string text) =>
        new("text", new XAttribute("x", N(x)), new XAttribute("y", N(y)), new XAttribute("text-anchor", anchor), text);

    public static XElement Path(string cssClass, string data) => new("path", new XAttribute("class", cssClass), new XAttribute("d", data));

    /// <summary>A number with at most two decimals.</summary>
    public static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}

/// <summary>One axis of a plot: its range and its ticks.</summary>
/// <param name="Label">The quantity, with its unit.</param>
/// <param name="Min">The lower end.</param>
/// <param name="Max">The upper end.</param>
/// <param name="IsWhole">Whether values, and therefore ticks, are whole numbers.</param>
internal sealed record PlotAxis(string Label, double Min, double Max, bool IsWhole = false)
{
    private const int MostTicks = 6;

    /// <summary>An axis over the range of the values. If all values are equal, it extends half a unit to each side.</summary>
    public static PlotAxis Over(string label, IEnumerable<double> values, bool fromZero = false, bool isWhole = false)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        (double min, double max) = finite.Length == 0 ? (0, 1) : (finite.Min(), finite.Max());
        min = fromZero ? Math.Min(0, min) : min;
        return max > min ? new PlotAxis(label, min, max, isWhole) : new PlotAxis(label, min - 0.5, max + 0.5, isWhole);
    }

    /// <summary>The position of a value on the axis: 0 at the lower end, 1 at the upper end, clamped.</summary>
    public double Position(double value) => Math.Clamp((value - Min) / (Max - Min), 0, 1);

    /// <summary>The ticks: round numbers along the axis.</summary>
    public IEnumerable<double> Ticks()
    {
        double step = TickSpacing.Of(Math.Max((Max - Min) / MostTicks, IsWhole ? 1 : 0));
        for (double i = Math.Ceiling(Min / step - 1e-9); i * step <= Max + 1e-9 * step; i++)
        {
            // Adding 0.0 turns negative zero into zero.
            yield return i * step + 0.0;
        }
    }

    public string Text(double value) => value.ToString("0.#####", CultureInfo.InvariantCulture);
}

/// <summary>The distance between the ticks of an axis.</summary>
internal static class TickSpacing
{
    /// <summary>The smallest number of the form 1, 2 or 5 times a power of ten that is at least <paramref name="least"/>; 1 for 0.</summary>
    public static double Of(double least)
    {
        double power = least > 0 ? Math.Pow(10, Math.Floor(Math.Log10(least))) : 1;
        return power
            * (
                least <= power ? 1
                : least <= 2 * power ? 2
                : least <= 5 * power ? 5
                : 10
            );
    }
}
