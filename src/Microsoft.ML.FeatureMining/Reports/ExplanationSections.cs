using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Explanation;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>Maps and activations as parts of an HTML report.</summary>
internal static class ExplanationSections
{
    // What is smaller than this is left to the browser to enlarge: an image that was enlarged here would only take more space.
    private const int SmallestSide = 64;
    private const int LargestSide = 160;

    /// <summary>The image, and beside it each of its maps, under words that say what it is.</summary>
    public static XElement Maps(ImageExplanation explanation, string heading, string className)
    {
        IEnumerable<(string Name, HeatMap? Map)> maps = [("the image", null), .. explanation.NamedMaps.Select(entry => (entry.Name, (HeatMap?)entry.Map))];
        return new XElement(
            "div", new XElement("h3", heading), new XElement(
                "div", new XAttribute("class", "grid-row"), maps.Select(map => Html.Figure(
                    Html.Image(
                        explanation.ToPng(map.Map, Side(explanation)),
                        map.Map is null ? $"{heading}: the image as the network saw it" : $"{heading}: {map.Name} of {className}"), map.Name))));
    }

    /// <summary>The image and its main map, for a list of many.</summary>
    public static XElement Card(ImageExplanation explanation, string what, params object[] caption) => Html.Figure(
        new XElement(
            "div", Html.Image(explanation.ToPng(null, Side(explanation)), what),
            Html.Image(explanation.ToPng(explanation.MainMap, Side(explanation)), $"Where the network found it: {what}")), caption);

    /// <summary>How strongly the stages of a network respond; of several, those of the same number side by side, as the paper compares them.</summary>
    public static ReportSection Activations(IReadOnlyList<(string Name, IReadOnlyList<StageActivations> Stages)> networks)
    {
        int images = networks[0].Stages[0].Images;
        XElement[] plots = networks.Count == 1
            ? [Panel("Features by size", networks[0].Stages.Select(stage => ($"stage {stage.Stage + 1}", stage)))]
            :
            [
                .. Enumerable.Range(0, networks.Max(network => network.Stages.Count)).Select(stage => Panel(
                    $"Stage {stage + 1}: features by size", networks.Where(network => stage < network.Stages.Count).Select(network => (network.Name, network.Stages[stage])))),
            ];
        return new ReportSection(
            "activations", "Activations",
            Html.Paragraph($"How strongly each stage responds, over {images} images (Xie et al. 2021, arXiv version, figure 4)."),
            Html.Row(plots),
            HtmlTable.Of("Activations of each stage", ["Network", "Stage", "#Mean", "#Larger than 0.5", "#Larger than 0.5, an image"],
                networks.SelectMany(network => network.Stages.Select(stage => new object[]
                {
                    network.Name, $"{stage.Stage + 1}", Html.Number(stage.Mean), Html.Share(stage.ActiveFraction), Html.Number(stage.Counts.Sum(), "0.0"),
                }))));
    }

    // A line each.
    private static XElement Panel(string title, IEnumerable<(string Name, StageActivations Stage)> lines)
    {
        Plot plot = new(title, "Features larger than 0.5, an image on average.",
            new PlotAxis("size of the feature", StageActivations.Threshold, StageActivations.Threshold + StageActivations.BinWidth * (StageActivations.Bins - 1)),
            PlotAxis.Over("features an image", lines.SelectMany(line => line.Stage.Counts.SkipLast(1)), fromZero: true));
        foreach ((int place, (string name, StageActivations stage)) in lines.Index())
        {
            // The middles of the bins; the last, which is open, has none.
            plot.Line(name, stage.Counts.SkipLast(1).Select((count, i) => (StageActivations.Threshold + StageActivations.BinWidth * (i + 0.5), count)), place);
        }

        return Html.Figure(plot.ToSvg(), $"{title}. How many features of an image are of which size; those up to 0.5 are left out, as in the paper.");
    }

    private static int Side(ImageExplanation explanation) => Math.Clamp(Math.Max(explanation.Image.Width, explanation.Image.Height), SmallestSide, LargestSide);
}
