using System.Globalization;
using System.Xml.Linq;

namespace Samples.Reproduce;

/// <summary>Parts of a picture in SVG.</summary>
internal static class SvgDrawing
{
    private const string Common = "text { font: 13px system-ui, sans-serif; fill: #1b1b1b } .grid { stroke: #d5d5d5 } rect { fill: #fff }";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>An empty picture with its title on top.</summary>
    public static XElement Page(double width, double height, string title, string style)
    {
        XElement svg = Element("svg", ("viewBox", $"0 0 {N(width)} {N(height)}"), ("role", "img"), ("aria-label", title));
        svg.Add(new XElement(Svg + "title", title), new XElement(Svg + "style", $"{Common} {style}"), Element("rect", ("width", N(width)), ("height", N(height))), Text(10, 18, "start", title));
        return svg;
    }

    public static XElement Text(double x, double y, string anchor, string text)
    {
        XElement element = Element("text", ("x", N(x)), ("y", N(y)), ("text-anchor", anchor));
        element.Add(text);
        return element;
    }

    public static XElement Element(string name, params (string Name, string Value)[] attributes) => new(Svg + name, attributes.Select(attribute => new XAttribute(attribute.Name, attribute.Value)));

    public static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
