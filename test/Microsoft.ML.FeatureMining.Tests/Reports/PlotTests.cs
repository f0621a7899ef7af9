using System.Xml.Linq;
using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Reports;

namespace Microsoft.ML.FeatureMining.Tests.Reports;

public sealed class PlotTests
{
    [Theory]
    [InlineData(0, 1, new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    [InlineData(1, 20, new double[] { 5, 10, 15, 20 })]
    [InlineData(-3, 3, new double[] { -3, -2, -1, 0, 1, 2, 3 })]
    public void Ticks_Linear_AreRound(double min, double max, double[] expected) =>
        Assert.All(expected.Zip(new PlotAxis("x", min, max).Ticks()), pair => Assert.Equal(pair.First, pair.Second, 9));

    [Theory]
    [InlineData(1, 4, new double[] { 1, 2, 3, 4 })]
    [InlineData(1, 1, new double[] { 1 })]
    [InlineData(0, 25, new double[] { 0, 5, 10, 15, 20, 25 })]
    public void Ticks_OfWholeNumbers_AreWhole(double min, double max, double[] expected) =>
        Assert.Equal(expected, PlotAxis.Over("epoch", [min, max], isWhole: true).Ticks());

    [Fact]
    public void Page_ControlCharactersInNames_AreReplacedAndOthersKept()
    {
        string page = HtmlPage.Of("a\u0001b", [new ReportSection("names", "n\u001b\uD800 \U0001F426 caf\u00e9", Html.Paragraph("c\0d"))]);

        Assert.Contains("n\uFFFD\uFFFD \U0001F426 caf\u00e9</h2>", page, StringComparison.Ordinal);
        Assert.Contains("a\uFFFDb", page, StringComparison.Ordinal);
        Assert.Contains("c\uFFFDd", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Axis_AnyValues_ContainsTicksAndValues() =>
        PropertyAssert.Holds(
            Prop.ForAll(
                ArbMap.Default.ArbFor<double[]>(),
                values =>
                {
                    double[] small = [.. values.Select(value => double.IsFinite(value) ? Math.IEEERemainder(value, 1e6) : value)];
                    PlotAxis axis = PlotAxis.Over("x", small);
                    double[] ticks = [.. axis.Ticks()];
                    return axis.Max > axis.Min
                        && ticks.Length <= 8
                        && ticks.All(tick => tick >= axis.Min - 1e-6 && tick <= axis.Max + 1e-6)
                        && small.Where(double.IsFinite).All(value => axis.Position(value) is >= 0 and <= 1);
                }
            )
        );

    [Fact]
    public void Line_WithAGap_IsTwoLines()
    {
        XElement svg = new Plot("title", "words", new PlotAxis("x", 0, 4), new PlotAxis("y", 0, 1))
            .Line("a", [(0, 0), (1, 1), (2, double.NaN), (3, 0), (4, 1)], 0)
            .ToSvg();

        Assert.Equal(2, svg.Descendants("polyline").Count());
        Assert.Contains("a", svg.Elements("text").Select(text => text.Value));
    }

    [Fact]
    public void Page_Texts_AreEscaped()
    {
        string page = HtmlPage.Of(
            "a < b & \"c\"",
            [
                new ReportSection(
                    "one",
                    "<script>",
                    HtmlTable.Of(
                        "caption",
                        ["Name", "#Number"],
                        [
                            ["</table>", "1"],
                        ]
                    )
                ),
            ]
        );

        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.Equal("a < b & \"c\"", PageAssert.Sound(page).Descendants("h1").Single().Value);
    }

    [Fact]
    public void Stylesheet_HasNothingThatXmlEscapes() => Assert.DoesNotContain(Stylesheet.Text, character => character is '<' or '>' or '&');
}
