using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Reports;
using Microsoft.ML.FeatureMining.Tests.Reports;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.Evaluation;

public sealed class EvaluationSectionsTests
{
    [Fact]
    public void Confusion_FewClasses_IsATableOfTheCounts()
    {
        XElement root = Page(EvaluationSections.Confusion(Report(classes: 3)));

        XElement[] rows =
        [
            .. root.Descendants("table")
                .First(table => ((string)table.Attribute("class")!).StartsWith("matrix", StringComparison.Ordinal))
                .Element("tbody")!
                .Elements("tr"),
        ];
        // Each class has one correct row and one row predicted as the next class.
        Assert.Equal(
            [
                ["1", "1", "0"],
                ["0", "1", "1"],
                ["1", "0", "1"],
            ],
            rows.Select(row => row.Elements("td").Select(cell => cell.Value).ToArray())
        );
        Assert.Equal(3, root.Descendants("table").Last().Element("tbody")!.Elements("tr").Count());
    }

    [Fact]
    public void Confusion_ManyClasses_IsAnImageOfTheFractions()
    {
        XElement root = Page(EvaluationSections.Confusion(Report(classes: 25)));

        XElement image = Assert.Single(root.Descendants("img"));
        DecodedImage decoded = ImageCodec.Decode(Convert.FromBase64String(((string)image.Attribute("src")!).Split(',')[1]));
        Assert.Equal((25, 25), (decoded.Width, decoded.Height));
        // Half of the rows of a class is right, half is the next class: half the color of the stylesheet, over white.
        byte[] right = [140, 191, 155];
        byte[] wrong = [231, 144, 150];
        byte[] none = [255, 255, 255];
        Assert.All(
            Enumerable.Range(0, 25 * 25),
            i =>
                Assert.Equal(
                    i / 25 == i % 25 ? right
                        : (i / 25 + 1) % 25 == i % 25 ? wrong
                        : none,
                    decoded.Pixels[(3 * i)..(3 * i + 3)]
                )
        );
    }

    [Fact]
    public void Curves_HugeValidationLoss_DoesNotFlattenThePlot()
    {
        EpochMetrics[] history = [new(1, 0.1, 2, 0.2, 5000, 0.1, 1), new(2, 0.1, 1, 0.5, 1.2, 0.4, 1), new(3, 0.01, 0.5, 0.8, null, null, 1)];

        XElement root = Page(EvaluationSections.Curves(history));

        XElement loss = root.Descendants("svg").First();
        Assert.Equal(
            ["0", "1", "2", "3", "4"],
            loss.Elements("text").Select(text => text.Value).Where(text => text is "0" or "1" or "2" or "3" or "4" or "5000").Distinct().Order()
        );
        Assert.Contains("5000.000", root.Descendants("td").Select(cell => cell.Value));
        Assert.Contains("–", root.Descendants("td").Select(cell => cell.Value));
    }

    [Fact]
    public void Sections_WithoutRows_ShowZero() =>
        Page(
            EvaluationSections.Confusion(Empty),
            EvaluationSections.Classes(Empty),
            EvaluationSections.Calibration(Empty),
            new ReportSection("facts", "Facts", Html.Facts(EvaluationSections.Facts(Empty)))
        );

    private static ClassificationReport Empty => new ReportBuilder(["a", "b"], 1).Build();

    private static ClassificationReport Report(int classes)
    {
        ReportBuilder builder = new([.. Enumerable.Range(0, classes).Select(k => $"a class called {k}")], 1);
        for (int row = 0; row < 2 * classes; row++)
        {
            float[] scores = new float[classes];
            scores[(row / 2 + row % 2) % classes] = 1;
            builder.Add(row, null, row / 2, scores);
        }

        return builder.Build();
    }

    private static XElement Page(params IReadOnlyList<ReportSection> sections) => PageAssert.Sound(HtmlPage.Of("Title", sections));
}
