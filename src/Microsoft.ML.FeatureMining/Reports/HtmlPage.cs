using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>
/// A report in one self-contained HTML file without scripts or external resources. It follows the light or dark preference of the browser and is accessible on
/// phones, by keyboard and with screen readers. It is also well-formed XML.
/// </summary>
internal static class HtmlPage
{
    // HTML void elements, which have no closing tag.
    private static readonly string[] Void = ["meta", "img", "br"];

    /// <param name="title">The title of the page.</param>
    /// <param name="sections">In order.</param>
    public static string Of(string title, IReadOnlyList<ReportSection> sections)
    {
        XElement page = new(
            "html",
            new XAttribute("lang", "en"),
            new XElement(
                "head",
                new XElement("meta", new XAttribute("charset", "utf-8")),
                new XElement("meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width, initial-scale=1")),
                new XElement("meta", new XAttribute("name", "color-scheme"), new XAttribute("content", "light dark")),
                new XElement("title", title),
                new XElement("style", Stylesheet.Text)
            ),
            new XElement(
                "body",
                new XElement("a", new XAttribute("class", "skip"), new XAttribute("href", "#content"), "Skip to the content"),
                new XElement(
                    "header",
                    new XElement("h1", title),
                    new XElement(
                        "nav",
                        new XAttribute("aria-label", "Sections"),
                        new XElement(
                            "ul",
                            sections.Select(section => new XElement("li", new XElement("a", new XAttribute("href", $"#{section.Id}"), section.Title)))
                        )
                    )
                ),
                new XElement("main", new XAttribute("id", "content"), sections.Select(SectionOf))
            )
        );
        // Browsers read <td/> as an opening tag, so other empty elements need an explicit closing tag.
        foreach (
            XElement element in page.Descendants()
                .Where(element => element.IsEmpty && !Void.Contains(element.Name.LocalName) && !element.AncestorsAndSelf("svg").Any())
                .ToArray()
        )
        {
            element.Value = "";
        }

        ReplaceInvalid(page);
        return "<!DOCTYPE html>\n" + page.ToString(SaveOptions.DisableFormatting);
    }

    // Names of files and classes may have control characters, which XML cannot have.
    private static void ReplaceInvalid(XElement page)
    {
        foreach (XText text in page.DescendantNodes().OfType<XText>())
        {
            text.Value = Valid(text.Value);
        }

        foreach (XAttribute attribute in page.Descendants().Attributes())
        {
            attribute.Value = Valid(attribute.Value);
        }
    }

    private static string Valid(string text)
    {
        if (text.All(XmlConvert.IsXmlChar))
        {
            return text;
        }

        StringBuilder valid = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i]))
            {
                valid.Append(text, i++, 2);
            }
            else
            {
                valid.Append(XmlConvert.IsXmlChar(text[i]) ? text[i] : '\uFFFD');
            }
        }

        return valid.ToString();
    }

    /// <summary>Writes the page as UTF-8.</summary>
    public static void Write(Stream stream, string title, IReadOnlyList<ReportSection> sections) => stream.Write(Encoding.UTF8.GetBytes(Of(title, sections)));

    private static XElement SectionOf(ReportSection section) =>
        new(
            "section",
            new XAttribute("id", section.Id),
            new XAttribute("aria-labelledby", $"{section.Id}-title"),
            new XElement("h2", new XAttribute("id", $"{section.Id}-title"), section.Title),
            section.Content
        );
}

/// <summary>Creates the elements of a report.</summary>
internal static class Html
{
    public static XElement Paragraph(params object[] content) => new("p", content);

    /// <summary>An image embedded in the page.</summary>
    /// <param name="png">The content of a PNG file.</param>
    /// <param name="alt">The text alternative for screen readers.</param>
    /// <param name="style">A class of the stylesheet.</param>
    public static XElement Image(byte[] png, string alt, string style = "image") =>
        new("img", new XAttribute("class", style), new XAttribute("src", "data:image/png;base64," + Convert.ToBase64String(png)), new XAttribute("alt", alt));

    /// <summary>Content with a caption below it.</summary>
    public static XElement Figure(XElement content, params object[] caption) => new("figure", content, new XElement("figcaption", caption));

    /// <summary>Content that is collapsed until the reader opens it.</summary>
    public static XElement Details(string summary, params IEnumerable<XElement> content) => new("details", new XElement("summary", summary), content);

    /// <summary>A list of names and values.</summary>
    public static XElement Facts(params IEnumerable<(string Name, string Value)> facts) =>
        new("dl", facts.Select(fact => new XElement("div", new XElement("dt", fact.Name), new XElement("dd", fact.Value))));

    /// <summary>A marked text: a check and the color of right answers, or a cross and that of wrong ones.</summary>
    public static XElement Verdict(bool isRight, string text) =>
        new(
            "span",
            new XAttribute("class", isRight ? "verdict-right" : "verdict-wrong"),
            new XAttribute("title", isRight ? "right" : "wrong"),
            isRight ? "✓ " : "✗ ",
            new XElement("strong", text)
        );

    /// <summary>Elements side by side, wrapped to the width of the page.</summary>
    public static XElement Row(params IEnumerable<XElement> content) => new("div", new XAttribute("class", "row"), content);

    public static string Number(double? value, string format = "0.000") => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "–";

    public static string Percent(double? value) => Number(value * 100, "0.0") + (value is null ? "" : " %");

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>A table with a caption, column headers and row headers. If it is wider than the page, it scrolls on its own, also by keyboard.</summary>
internal static class HtmlTable
{
    /// <param name="caption">The caption.</param>
    /// <param name="columns">The column headers. A header that starts with '#' makes a right-aligned column of numbers.</param>
    /// <param name="rows">Rows of texts or elements, one per column.</param>
    public static XElement Of(string caption, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<object>> rows) =>
        Scrolling(
            caption,
            new XElement(
                "table",
                new XElement("caption", caption),
                new XElement(
                    "thead",
                    new XElement("tr", columns.Select(column => new XElement("th", new XAttribute("scope", "col"), Kind(column), column.TrimStart('#'))))
                ),
                new XElement(
                    "tbody",
                    rows.Select(row => new XElement(
                        "tr",
                        row.Select((cell, i) => i == 0 ? new XElement("th", new XAttribute("scope", "row"), cell) : new XElement("td", Kind(columns[i]), cell))
                    ))
                )
            )
        );

    /// <summary>A scrollable region for wide content, focusable by keyboard.</summary>
    public static XElement Scrolling(string label, XElement wide) =>
        new(
            "div",
            new XAttribute("class", "scroll"),
            new XAttribute("tabindex", "0"),
            new XAttribute("role", "region"),
            new XAttribute("aria-label", label),
            wide
        );

    private static XAttribute? Kind(string column) => column.StartsWith('#') ? new XAttribute("class", "number") : null;
}

/// <summary>A section of a report.</summary>
/// <param name="Id">The anchor of the section, unique in the report.</param>
/// <param name="Title">The heading.</param>
/// <param name="Content">HTML elements.</param>
internal sealed record ReportSection(string Id, string Title, params IEnumerable<XElement> Content);

/// <summary>The CSS of reports. It must not contain characters that XML escapes, because browsers do not unescape stylesheets.</summary>
internal static class Stylesheet
{
    public const string Text = """

        :root { color-scheme: light dark; --ground: #ffffff; --raised: #f4f5f7; --ink: #1b1f24; --soft: #57606a; --rule: #d0d7de; --link: #0a58ca; --right: 26 127 55; --wrong: 207 34 46;
          --s0: #0a58ca; --s1: #bc4c00; --s2: #1a7f37; --s3: #8250df; --s4: #bf3989; --s5: #57606a; }
        @media (prefers-color-scheme: dark) {
          :root { --ground: #0f1318; --raised: #1a2027; --ink: #e6edf3; --soft: #9aa5b1; --rule: #323b45; --link: #6cb0ff; --right: 86 211 100; --wrong: 248 81 73;
            --s0: #6cb0ff; --s1: #ff9f57; --s2: #56d364; --s3: #c4a1ff; --s4: #ff8ac4; --s5: #9aa5b1; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1rem; max-width: 64rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; }
        h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--rule); }
        h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
        p { max-width: 46rem; }
        a { color: var(--link); }
        a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
        .skip { position: absolute; left: -100vw; }
        .skip:focus { left: 1rem; top: .5rem; background: var(--ground); padding: .5rem; }
        nav ul { list-style: none; padding: 0; margin: .5rem 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
        nav a { display: inline-block; padding: .25rem 0; }
        dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .5rem; margin: 1rem 0; }
        dl div { background: var(--raised); border-radius: .5rem; padding: .5rem .75rem; }
        dt { font-size: .85rem; color: var(--soft); }
        dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
        .scroll { overflow-x: auto; margin: 1rem 0; max-height: 36rem; overflow-y: auto; }
        .scroll:has(.matrix) { max-height: none; }
        table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
        caption { text-align: left; color: var(--soft); padding: .25rem 0; }
        th, td { overflow-wrap: normal; padding: .3rem .6rem; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: middle; }
        thead th { position: sticky; top: 0; background: var(--ground); }
        tbody th { font-weight: 500; white-space: nowrap; }
        .verdict-right { color: rgb(var(--right)); } .verdict-wrong { color: rgb(var(--wrong)); }
        .number { text-align: right; white-space: nowrap; }
        .matrix th, .matrix td { padding: .3rem .4rem; text-align: center; min-width: 2.2rem; }
        .matrix.tall thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; position: static; }
        .matrix tbody th { text-align: right; position: sticky; left: 0; background: var(--ground); max-width: 12rem; overflow: hidden; text-overflow: ellipsis; }
        figure { margin: 1rem 0; }
        figcaption { font-size: .9rem; color: var(--soft); max-width: 46rem; }
        .row { display: flex; flex-wrap: wrap; gap: 1rem; }
        .row figure { margin: 0; flex: 1 1 20rem; max-width: 31rem; }
        .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 1rem; }
        .cards figure { margin: 0; }
        .image { width: 100%; max-width: 14rem; height: auto; display: block; border-radius: .25rem; }
        .pixels { width: 100%; max-width: 34rem; height: auto; display: block; image-rendering: pixelated; border: 1px solid var(--rule); }
        .grid-row { display: grid; grid-template-columns: repeat(auto-fit, minmax(5.5rem, 9rem)); gap: .5rem; margin: .5rem 0 1.5rem; }
        .grid-row figure { margin: 0; }
        .meter { height: .8rem; background: var(--s0); border-radius: .2rem; }
        details { margin: 1rem 0; }
        summary { cursor: pointer; padding: .25rem 0; }
        svg.plot { width: 100%; height: auto; display: block; font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
        svg.wide { min-width: 40rem; }
        svg text { fill: var(--ink); stroke: var(--ground); stroke-width: 3px; paint-order: stroke; }
        .axis { fill: none; stroke: var(--soft); }
        .grid { fill: none; stroke: var(--rule); stroke-width: .5; }
        .line { fill: none; stroke-width: 2; }
        .thin { stroke-width: 1; opacity: .65; }
        .bar { opacity: .8; }
        .line.s0 { stroke: var(--s0); } .line.s1 { stroke: var(--s1); stroke-dasharray: 6 3; } .line.s2 { stroke: var(--s2); stroke-dasharray: 2 2; }
        .line.s3 { stroke: var(--s3); stroke-dasharray: 8 3 2 3; } .line.s4 { stroke: var(--s4); stroke-dasharray: 10 4; } .line.s5 { stroke: var(--s5); stroke-dasharray: 3 3; }
        .dot.s0, .bar.s0 { fill: var(--s0); } .dot.s1, .bar.s1 { fill: var(--s1); } .dot.s2, .bar.s2 { fill: var(--s2); }
        .dot.s3, .bar.s3 { fill: var(--s3); } .dot.s4, .bar.s4 { fill: var(--s4); } .dot.s5, .bar.s5 { fill: var(--s5); }
        @media (max-width: 32rem) { .matrix tbody th { max-width: 8rem; } }
        @media print { .scroll { max-height: none; overflow: visible; } }

        """;
}
