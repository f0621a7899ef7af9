using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Explanation;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>Class activation maps and activation statistics as sections of an HTML report.</summary>
internal static class ExplanationSections
{
    // Smaller images are enlarged by the browser; enlarging them here would only make the file larger.
    private const int SmallestSide = 64;
    private const int LargestSide = 224;

    /// <summary>An image with its maps side by side, under a heading.</summary>
    /// <param name="explanation">The image and its maps.</param>
    /// <param name="heading">The heading.</param>
    /// <param name="className">The class of the maps.</param>
    /// <param name="isRight">Whether the most probable class is the label; null if the row has no label.</param>
    public static XElement Maps(ImageExplanation explanation, string heading, string className, bool? isRight = null)
    {
        IEnumerable<(string Name, HeatMap? Map)> maps = [("the image", null), .. explanation.NamedMaps.Select(entry => (entry.Name, (HeatMap?)entry.Map))];
        return new XElement(
            "div",
            new XElement("h3", heading, isRight is { } right ? new object[] { " ", Html.Verdict(right, right ? "right" : "wrong") } : []),
            new XElement(
                "div",
                new XAttribute("class", "grid-row"),
                maps.Select(map =>
                    Html.Figure(
                        Html.Image(
                            explanation.ToPng(map.Map, Side(explanation)),
                            map.Map is null ? $"{heading}: the input image of the network" : $"{heading}: {map.Name} of {className}"
                        ),
                        map.Name
                    )
                )
            )
        );
    }

    /// <summary>An image and its main map, for a grid of many.</summary>
    public static XElement Card(ImageExplanation explanation, string what, params object[] caption) =>
        Html.Figure(
            new XElement(
                "div",
                Html.Image(explanation.ToPng(null, Side(explanation)), what),
                Html.Image(explanation.ToPng(explanation.MainMap, Side(explanation)), $"Activation map: {what}")
            ),
            caption
        );

    /// <summary>Statistics of the activations per stage. With several networks, one plot per stage compares them, as in the paper.</summary>
    public static ReportSection Activations(IReadOnlyList<(string Name, IReadOnlyList<StageActivations> Stages)> networks)
    {
        int images = networks[0].Stages[0].Images;
        XElement[] plots =
            networks.Count == 1
                ? [Panel("Features by value", networks[0].Stages.Select(stage => ($"stage {stage.Stage + 1}", stage)))]
                :
                [
                    .. Enumerable
                        .Range(0, networks.Max(network => network.Stages.Count))
                        .Select(stage =>
                            Panel(
                                $"Stage {stage + 1}: features by value",
                                networks.Where(network => stage < network.Stages.Count).Select(network => (network.Name, network.Stages[stage]))
                            )
                        ),
                ];
        return new ReportSection(
            "activations",
            "Activations",
            Html.Paragraph($"Activations of each stage over {images} images (Xie et al. 2021, arXiv version, figure 4)."),
            Html.Row(plots),
            HtmlTable.Of(
                "Activations per stage",
                ["Network", "Stage", "#Mean", "#Above 0.5", "#Above 0.5, per image"],
                networks.SelectMany(network =>
                    network.Stages.Select(stage =>
                        new object[]
                        {
                            network.Name,
                            $"{stage.Stage + 1}",
                            Html.Number(stage.Mean),
                            Html.Percent(stage.ActiveFraction),
                            Html.Number(stage.Counts.Sum(), "0.0"),
                        }
                    )
                )
            )
        );
    }

    private static XElement Panel(string title, IEnumerable<(string Name, StageActivations Stage)> lines)
    {
        Plot plot = new(
            title,
            "Features above 0.5 per image, on average.",
            new PlotAxis(
                "value of the feature",
                StageActivations.Threshold,
                StageActivations.Threshold + StageActivations.BinWidth * (StageActivations.Bins - 1)
            ),
            PlotAxis.Over("features per image", lines.SelectMany(line => line.Stage.Counts.SkipLast(1)), fromZero: true)
        );
        foreach ((int style, (string name, StageActivations stage)) in lines.Index())
        {
            // At the centers of the bins, without the last bin, which is open.
            plot.Line(name, stage.Counts.SkipLast(1).Select((count, i) => (StageActivations.Threshold + StageActivations.BinWidth * (i + 0.5), count)), style);
        }

        return Html.Figure(plot.ToSvg(), $"{title}. The number of features per image by value. Features up to 0.5 are not counted, as in the paper.");
    }

    private static int Side(ImageExplanation explanation) => Math.Clamp(explanation.LongerSide, SmallestSide, LargestSide);
}
