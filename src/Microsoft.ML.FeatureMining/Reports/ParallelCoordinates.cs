using System.Globalization;
using System.Xml.Linq;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>Parallel coordinates as inline SVG: an upright axis a quantity, a line a thing that has a value of each.</summary>
internal static class ParallelCoordinates
{
    private const double Gap = 120;
    private const double Side = 60;
    private const double Top = 30;
    private const double Bottom = 240;

    /// <param name="label">Words on what is to be seen.</param>
    /// <param name="axes">From the left.</param>
    /// <param name="lines">For each axis a place in [0, 1], or no number for a gap; and a shade in [0, 1], 1 being the strongest. Later lines lie above.</param>
    public static XElement Of(string label, IReadOnlyList<ParallelAxis> axes, IEnumerable<(IReadOnlyList<double> Places, double Shade)> lines) => new(
        "svg", new XAttribute("class", "plot wide"), new XAttribute("viewBox", $"0 0 {N(2 * Side + (axes.Count - 1) * Gap)} {N(Bottom + 15)}"), new XAttribute("role", "img"), new XAttribute("aria-label", label),
        new XElement("title", label),
        lines.Select(line => new XElement(
            "polyline", new XAttribute("class", "line s0"), new XAttribute("style", $"opacity:{N(0.12 + 0.88 * line.Shade)};stroke-width:{N(1 + line.Shade)}"),
            new XAttribute("points", string.Join(' ', line.Places.Index().Where(place => double.IsFinite(place.Item)).Select(place => $"{N(X(place.Index))},{N(Y(place.Item))}"))))),
        axes.Index().SelectMany(axis => AxisOf(axis.Index, axis.Item)));

    private static IEnumerable<XElement> AxisOf(int index, ParallelAxis axis) =>
    [
        new XElement("path", new XAttribute("class", "axis"), new XAttribute("d", $"M{N(X(index))} {N(Top)}V{N(Bottom)}")),
        Text(X(index), Top - 14, "middle", axis.Name),
        .. axis.Marks.Select(mark => Text(X(index) + 5, Y(mark.Place) + 4, "start", mark.Text)),
    ];

    private static XElement Text(double x, double y, string anchor, string text) =>
        new("text", new XAttribute("x", N(x)), new XAttribute("y", N(y)), new XAttribute("text-anchor", anchor), text);

    private static double X(int index) => Side + index * Gap;

    private static double Y(double place) => Bottom - place * (Bottom - Top);

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
