using System.Globalization;
using System.Xml.Linq;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>Elements that reports are made of.</summary>
internal static class Html
{
    public static XElement Paragraph(params object[] content) => new("p", content);

    /// <summary>A picture that lies in the page itself.</summary>
    /// <param name="png">The file.</param>
    /// <param name="alt">What it shows, for those who do not see it.</param>
    /// <param name="style">A class of the stylesheet.</param>
    public static XElement Picture(byte[] png, string alt, string style = "picture") => new(
        "img", new XAttribute("class", style), new XAttribute("src", "data:image/png;base64," + Convert.ToBase64String(png)), new XAttribute("alt", alt));

    /// <summary>Something with words under it.</summary>
    public static XElement Figure(XElement content, params object[] caption) => new("figure", content, new XElement("figcaption", caption));

    /// <summary>What lies folded up until it is asked for.</summary>
    public static XElement Details(string summary, params IEnumerable<XElement> content) => new("details", new XElement("summary", summary), content);

    /// <summary>Names and values.</summary>
    public static XElement Facts(params IEnumerable<(string Name, string Value)> facts) => new(
        "dl", facts.Select(fact => new XElement("div", new XElement("dt", fact.Name), new XElement("dd", fact.Value))));

    /// <summary>Elements side by side as far as the page is wide.</summary>
    public static XElement Row(params IEnumerable<XElement> content) => new("div", new XAttribute("class", "row"), content);

    public static string Number(double? value, string format = "0.000") => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "–";

    public static string Share(double? value) => Number(value * 100, "0.0") + (value is null ? "" : " %");

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
