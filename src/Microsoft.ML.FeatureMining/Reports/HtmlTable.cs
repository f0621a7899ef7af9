using System.Xml.Linq;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>A table with a caption, headed columns and rows that their first cell heads; it scrolls by itself, by keyboard too, where it is wider than the page.</summary>
internal static class HtmlTable
{
    /// <param name="caption">What it shows.</param>
    /// <param name="columns">The heads; one that begins with '#' is of numbers, which are set to the right.</param>
    /// <param name="rows">Texts, or elements, as many a row as there are columns.</param>
    public static XElement Of(string caption, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<object>> rows) => Scrolling(caption, new XElement(
        "table",
        new XElement("caption", caption),
        new XElement("thead", new XElement("tr", columns.Select(column => new XElement("th", new XAttribute("scope", "col"), Kind(column), column.TrimStart('#'))))),
        new XElement("tbody", rows.Select(row => new XElement("tr", row.Select((cell, i) => i == 0
            ? new XElement("th", new XAttribute("scope", "row"), cell)
            : new XElement("td", Kind(columns[i]), cell)))))));

    /// <summary>What is too wide scrolls within itself, and can be reached by keyboard to do so.</summary>
    public static XElement Scrolling(string label, XElement wide) => new(
        "div", new XAttribute("class", "scroll"), new XAttribute("tabindex", "0"), new XAttribute("role", "region"), new XAttribute("aria-label", label), wide);

    private static XAttribute? Kind(string column) => column.StartsWith('#') ? new XAttribute("class", "number") : null;
}
