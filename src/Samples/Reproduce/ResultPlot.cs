using System.Globalization;
using System.Xml.Linq;
using static Samples.Reproduce.SvgDrawing;

namespace Samples.Reproduce;

/// <summary>
/// The result of an experiment as an SVG image: for each row the difference to the row that it is compared with, measured and published, with bars of one
/// standard deviation.
/// </summary>
internal static class ResultPlot
{
    private const double Left = 330;
    private const double Width = 860;
    private const double Right = 20;
    private const double RowHeight = 24;
    private const double Top = 58;

    private const string Style =
        ".zero { stroke: #555 } .ours { stroke: #0b5cad; fill: #0b5cad } .paper { stroke: #b3470b; fill: #fff } .whisker { stroke-width: 1.6; fill: none }";

    public static string Of(ExperimentResult result)
    {
        (ResultRow Row, (double Value, double Std)? Ours, (double Value, double Std)? Paper)[] lines =
        [
            .. result.Rows.Select(row => (row, Ours(result, row), Paper(result, row))),
        ];
        IEnumerable<(double Value, double Std)> points = lines.SelectMany(line => new[] { line.Ours, line.Paper }).OfType<(double, double)>();
        double[] ends = [0, .. points.SelectMany(point => new[] { point.Value - point.Std, point.Value + point.Std })];
        (double min, double max) = (ends.Min(), ends.Max());
        double step = RoundStep((max - min) / 7);
        (min, max) = (step * Math.Floor(min / step), step * Math.Max(Math.Ceiling(max / step), Math.Floor(min / step) + 1));
        double bottom = Top + RowHeight * lines.Length;
        string title = $"{result.Experiment.Title}: difference in {result.Experiment.Measures[result.Primary].Title}";
        XElement svg = Page(Width, bottom + 34, title, Style);
        svg.Add(Dot(Left + 6, 36), Text(Left + 16, 40, "start", $"measured at scale {result.Scale.ToString().ToLowerInvariant()}"));
        if (lines.Any(line => line.Paper is not null))
        {
            svg.Add(Diamond(Left + 206, 36), Text(Left + 216, 40, "start", "the paper"));
        }

        for (int tick = 0; min + tick * step <= max + step / 1000; tick++)
        {
            double value = min + tick * step;
            svg.Add(
                Element("path", ("class", Math.Abs(value) < step / 1000 ? "zero" : "grid"), ("d", $"M{N(At(value))} {N(Top)}V{N(bottom)}")),
                Text(At(value), bottom + 18, "middle", value.ToString("0.###", CultureInfo.InvariantCulture))
            );
        }

        foreach ((int index, (ResultRow row, (double, double)? ours, (double, double)? paper)) in lines.Index())
        {
            double middle = Top + RowHeight * (index + 0.5);
            svg.Add(Text(Left - 12, middle + 4, "end", row.Row.FullName));
            if (paper is var (published, deviation))
            {
                svg.Add(Whisker("paper", published, deviation, middle + 4), Diamond(At(published), middle + 4));
            }

            if (ours is var (measured, spread))
            {
                svg.Add(Whisker("ours", measured, spread, middle - 4), Dot(At(measured), middle - 4));
            }
        }

        return svg.ToString();

        double At(double value) => Left + (value - min) / (max - min) * (Width - Left - Right);

        XElement Whisker(string kind, double value, double std, double y) =>
            Element("path", ("class", $"whisker {kind}"), ("d", $"M{N(At(value - std))} {N(y)}H{N(At(value + std))}"));
    }

    private static (double, double)? Ours(ExperimentResult result, ResultRow row) =>
        result.Of(row) is { Count: > 0 } sample && (result.Baseline(row) is null ? 0 : result.Comparison(row)?.Difference) is { } difference
            ? (difference, sample.Std ?? 0)
            : null;

    private static (double, double)? Paper(ExperimentResult result, ResultRow row) =>
        row.Row.Published.FirstOrDefault() is { } figure && (result.Baseline(row) is null ? 0 : result.PublishedDifference(row)) is { } difference
            ? (difference, figure.Std ?? 0)
            : null;

    private static XElement Dot(double x, double y) => Element("circle", ("class", "ours"), ("cx", N(x)), ("cy", N(y)), ("r", "4"));

    private static XElement Diamond(double x, double y) => Element("path", ("class", "paper"), ("d", $"M{N(x - 5)} {N(y)}l5 -5l5 5l-5 5z"));
}
