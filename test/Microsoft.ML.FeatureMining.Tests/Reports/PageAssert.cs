using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Microsoft.ML.FeatureMining.Tests.Reports;

/// <summary>Asserts that a report is one well-formed, self-contained and accessible file.</summary>
internal static class PageAssert
{
    private const string Doctype = "<!DOCTYPE html>\n";

    // HTML void elements, which have no closing tag.
    private static readonly string[] Void = ["meta", "img", "br"];

    /// <returns>The root element of the page.</returns>
    public static XElement Sound(string page)
    {
        Assert.StartsWith(Doctype, page, StringComparison.Ordinal);
        Assert.DoesNotMatch("https?:|//[a-z]|url\\(|@import|<script|javascript:| on[a-z]+=", Regex.Replace(page, "base64,[^\"]*", ""));
        XElement root = XElement.Parse(page[Doctype.Length..]);
        XElement[] all = [.. root.DescendantsAndSelf()];
        Assert.Equal("en", (string?)root.Attribute("lang"));
        Assert.NotEmpty((string?)root.Element("head")?.Element("title") ?? "");
        Assert.Single(all, element => element.Name == "h1");
        Assert.Single(all, element => element.Name == "main");
        Assert.All(
            all.Where(element => element.Name == "img"),
            image =>
            {
                Assert.False(string.IsNullOrWhiteSpace((string?)image.Attribute("alt")), "An image has no alternative text.");
                Assert.StartsWith("data:image/png;base64,", (string?)image.Attribute("src"), StringComparison.Ordinal);
            }
        );
        Assert.All(
            all.Where(element => element.Name == "svg"),
            plot =>
                Assert.True(
                    (string?)plot.Attribute("role") == "img" && !string.IsNullOrWhiteSpace((string?)plot.Attribute("aria-label")),
                    "A plot has no words."
                )
        );
        Assert.All(all.Where(element => element.Name == "table"), AssertTable);
        string[] ids = [.. all.Attributes("id").Select(id => id.Value)];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(all.Attributes("href"), link => Assert.Contains(link.Value[1..], ids));
        Assert.All(all.Attributes("aria-labelledby"), label => Assert.Contains(label.Value, ids));
        // Browsers read <td/> as an opening tag, except in SVG.
        Assert.All(all.Where(element => element.IsEmpty && !element.AncestorsAndSelf("svg").Any()), element => Assert.Contains(element.Name.LocalName, Void));
        return root;
    }

    private static void AssertTable(XElement table)
    {
        Assert.NotEmpty((string?)table.Element("caption") ?? "");
        Assert.All(table.Descendants("th"), head => Assert.Contains((string?)head.Attribute("scope"), (string[])["col", "row"]));
        Assert.All(table.Element("tbody")!.Elements("tr"), row => Assert.Equal("row", (string?)row.Elements().First().Attribute("scope")));
        Assert.Single(table.Descendants("tr").Select(row => row.Elements().Count()).Distinct());
        Assert.Equal("0", (string?)table.Parent!.Attribute("tabindex"));
    }
}
