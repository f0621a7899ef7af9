using System.Globalization;
using System.Xml.Linq;

namespace Samples.Reproduce;

/// <summary>
/// The parts of an SVG image. Not a plotting package: ScottPlot 5 brings SkiaSharp 3, which ML.NET 5 cannot use, and OxyPlot's SVG gets the widths of texts
/// wrong, so that they overlap and are clipped.
/// </summary>
internal static class SvgDrawing
{
    private const string Common = "text { font: 13px system-ui, sans-serif; fill: #1b1b1b } .grid { stroke: #d5d5d5 } rect { fill: #fff }";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>An empty image with its title on top.</summary>
    public static XElement Page(double width, double height, string title, string style)
    {
        XElement svg = Element("svg", ("viewBox", $"0 0 {N(width)} {N(height)}"), ("role", "img"), ("aria-label", title));
        svg.Add(
            new XElement(Svg + "title", title),
            new XElement(Svg + "style", $"{Common} {style}"),
            Element("rect", ("width", N(width)), ("height", N(height))),
            Text(10, 18, "start", title)
        );
        return svg;
    }

    public static XElement Text(double x, double y, string anchor, string text)
    {
        XElement element = Element("text", ("x", N(x)), ("y", N(y)), ("text-anchor", anchor));
        element.Add(text);
        return element;
    }

    public static XElement Element(string name, params (string Name, string Value)[] attributes) =>
        new(Svg + name, attributes.Select(attribute => new XAttribute(attribute.Name, attribute.Value)));

    /// <summary>The distance between two ticks of an axis: 1, 2 or 5 times a power of ten, at least <paramref name="least"/>.</summary>
    public static double RoundStep(double least)
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

    public static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
