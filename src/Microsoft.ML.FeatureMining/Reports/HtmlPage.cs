using System.Text;
using System.Xml.Linq;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>
/// A report in one file: it loads nothing from anywhere, runs no script, follows the reader's wish for light or dark, and is readable on a phone, by keyboard and by a screen
/// reader. Well-formed XML, too.
/// </summary>
internal static class HtmlPage
{
    // Elements that HTML closes by themselves.
    private static readonly string[] Void = ["meta", "img", "br"];

    /// <param name="title">Of the page.</param>
    /// <param name="sections">In order.</param>
    public static string Of(string title, IReadOnlyList<ReportSection> sections)
    {
        XElement page = new(
            "html", new XAttribute("lang", "en"),
            new XElement(
                "head",
                new XElement("meta", new XAttribute("charset", "utf-8")),
                new XElement("meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width, initial-scale=1")),
                new XElement("meta", new XAttribute("name", "color-scheme"), new XAttribute("content", "light dark")),
                new XElement("title", title),
                new XElement("style", Stylesheet.Text)),
            new XElement(
                "body",
                new XElement("a", new XAttribute("class", "skip"), new XAttribute("href", "#content"), "Skip to the content"),
                new XElement(
                    "header", new XElement("h1", title),
                    new XElement("nav", new XAttribute("aria-label", "Sections"), new XElement("ul", sections.Select(section => new XElement("li", new XElement("a", new XAttribute("href", $"#{section.Id}"), section.Title)))))),
                new XElement("main", new XAttribute("id", "content"), sections.Select(SectionOf))));
        // A browser takes <td/> for a cell that begins.
        foreach (XElement element in page.Descendants().Where(element => element.IsEmpty && !Void.Contains(element.Name.LocalName) && !element.AncestorsAndSelf("svg").Any()).ToArray())
        {
            element.Value = "";
        }

        return "<!DOCTYPE html>\n" + page.ToString(SaveOptions.DisableFormatting);
    }

    /// <summary>Writes the page as UTF-8.</summary>
    public static void Write(Stream stream, string title, IReadOnlyList<ReportSection> sections) => stream.Write(Encoding.UTF8.GetBytes(Of(title, sections)));

    private static XElement SectionOf(ReportSection section) => new(
        "section", new XAttribute("id", section.Id), new XAttribute("aria-labelledby", $"{section.Id}-title"),
        new XElement("h2", new XAttribute("id", $"{section.Id}-title"), section.Title), section.Content);
}
