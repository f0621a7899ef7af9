using System.Globalization;
using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Reports;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>Maps and activations as parts of an HTML report.</summary>
internal static class ExplanationSections
{
    // What is smaller than this is left to the browser to enlarge: a picture that was enlarged here would only take more room.
    private const int SmallestSide = 64;
    private const int LargestSide = 160;

    /// <summary>The picture, and beside it each of its maps, under words on what it is.</summary>
    public static XElement Maps(ImageExplanation explanation, string heading, string className)
    {
        (string Name, HeatMap? Map)[] maps =
        [
            ("the image", null),
            .. explanation.ClassMap is { } cam ? new (string, HeatMap?)[] { ("CAM", cam) } : [],
            .. explanation.StageMaps.Select((map, i) => ($"Grad-CAM, stage {i + 1}", (HeatMap?)map)),
            .. explanation.SplitMaps.Select((map, i) => ($"Grad-CAM, split {i + 1}", (HeatMap?)map)),
        ];
        return new XElement(
            "div", new XElement("h3", heading), new XElement(
                "div", new XAttribute("class", "grid-row"), maps.Select(map => Html.Figure(
                    Html.Picture(explanation.ToPng(map.Map, Side(explanation)), map.Map is null ? $"{heading}: the image as the network saw it" : $"{heading}: {map.Name} of {className}"), map.Name))));
    }

    /// <summary>The picture and the main map of it, for a list of many.</summary>
    public static XElement Card(ImageExplanation explanation, string what, params object[] caption) => Html.Figure(
        new XElement("div", Html.Picture(explanation.ToPng(null, Side(explanation)), what), Html.Picture(explanation.ToPng(explanation.MainMap, Side(explanation)), $"Where the network found it: {what}")), caption);

    /// <summary>How strongly the stages respond.</summary>
    public static ReportSection Activations(IReadOnlyList<StageActivations> stages)
    {
        Plot plot = new("Features by size", "Features larger than 0.5 of each stage, an image on average.",
            new PlotAxis("size of the feature", StageActivations.Threshold, StageActivations.Threshold + StageActivations.BinWidth * (StageActivations.Bins - 1)),
            PlotAxis.Over("features an image", stages.SelectMany(stage => stage.Counts.SkipLast(1)), fromZero: true));
        foreach (StageActivations stage in stages)
        {
            // The middles of the bins; the last, which is open, has none.
            plot.Line(string.Create(CultureInfo.InvariantCulture, $"stage {stage.Stage + 1}"),
                stage.Counts.SkipLast(1).Select((count, i) => (StageActivations.Threshold + StageActivations.BinWidth * (i + 0.5), count)), stage.Stage);
        }

        return new ReportSection(
            "activations", "Activations",
            Html.Paragraph($"How strongly each stage responds, over {stages[0].Images} images (Xie et al. 2021, arXiv version, figure 4)."),
            Html.Row(Html.Figure(plot.ToSvg(), "How many features of an image are of which size; those up to 0.5 are left out, as in the paper.")),
            HtmlTable.Of("Activations of each stage", ["Stage", "#Mean", "#Larger than 0.5", "#Larger than 0.5, an image"],
                stages.Select(stage => new object[]
                {
                    $"{stage.Stage + 1}", Html.Number(stage.Mean), Html.Share(stage.ActiveShare), Html.Number(stage.Counts.Sum(), "0.0"),
                })));
    }

    private static int Side(ImageExplanation explanation) => Math.Clamp(Math.Max(explanation.Picture.Width, explanation.Picture.Height), SmallestSide, LargestSide);
}
