using System.Globalization;
using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Sweeps;
using static Microsoft.ML.FeatureMining.Reports.Svg;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>What a sweep found, as parts of an HTML report.</summary>
internal static class SweepReport
{
    private const int Shown = 5;

    public static IReadOnlyList<ReportSection> Of(IReadOnlyList<SweepParameter> parameters, IReadOnlyList<SweepTrial> trials)
    {
        SweepTrial[] ranked = [.. SweepTrial.Ranked(trials)];
        SweepTrial[] scored = [.. ranked.Where(trial => trial.Score is not null && trial.State != TrialState.Failed)];
        List<ReportSection> sections = [Summary(ranked, scored)];
        if (scored.Length > 0)
        {
            sections.AddRange([Coordinates(parameters, scored), Importance(parameters, scored), Curves(scored)]);
        }

        return [.. sections, Table(parameters, ranked)];
    }

    private static ReportSection Summary(SweepTrial[] ranked, SweepTrial[] scored) => new("summary", "Summary", Html.Facts([
        ("Trials", Html.Count(ranked.Length)),
        ("Trained to the end", Html.Count(ranked.Count(trial => trial.State == TrialState.Completed))),
        ("Failed", Html.Count(ranked.Count(trial => trial.State == TrialState.Failed))),
        ("Epochs", Html.Count(ranked.Sum(trial => trial.Epochs))),
        ("Time", TimeSpan.FromSeconds(Math.Round(ranked.Sum(trial => trial.Seconds))).ToString("g", CultureInfo.InvariantCulture)),
        .. scored.Take(1).SelectMany(best => new[] { ("Best score", Html.Share(best.Score)), ("Best trial", Html.Count(best.Number)) }.Concat(best.Settings.Select(setting => ("Best " + setting.Key, SweepTable.Text(setting.Value)))))]));

    private static ReportSection Coordinates(IReadOnlyList<SweepParameter> parameters, SweepTrial[] scored)
    {
        PlotAxis score = PlotAxis.Over("score", scored.Select(trial => trial.Score!.Value));
        ParallelAxis[] axes =
        [
            .. parameters.Select(parameter => new ParallelAxis(parameter.Name, MarksOf(parameter))),
            new ParallelAxis("score", [(0, Html.Share(score.Min)), (1, Html.Share(score.Max))]),
        ];
        // The worst first, so that the best lie above.
        IEnumerable<(IReadOnlyList<double>, double)> lines = scored.Reverse().Select(trial => (
            (IReadOnlyList<double>)[.. parameters.Zip(trial.Settings, (parameter, setting) => parameter.PlaceOf(setting.Value)), score.Place(trial.Score!.Value)], Math.Pow(score.Place(trial.Score!.Value), 2)));
        const string Label = "Parallel coordinates: a line a trial, from its settings to its score; the strongest lines are the best trials.";
        return new ReportSection("coordinates", "Settings and scores", Html.Figure(HtmlTable.Scrolling(Label, ParallelCoordinates.Of(Label, axes, lines)), "A line is a trial; the stronger it is, the better its score. The table of trials has the numbers."));
    }

    // All values of a choice; the ends of a number, and what lies between them.
    private static IReadOnlyList<(double, string)> MarksOf(SweepParameter parameter) => [.. parameter.Grid(3).Select(value => (parameter.PlaceOf(value), SweepTable.Text(value)))];

    private static ReportSection Importance(IReadOnlyList<SweepParameter> parameters, SweepTrial[] scored)
    {
        (string Name, double? Share)[] shares = [.. parameters.Select((parameter, i) => (
            parameter.Name, ParameterImportance.Of(parameter, [.. scored.Select(trial => (trial.Settings[i].Value, trial.Score!.Value))]))).OrderByDescending(entry => entry.Item2)];
        return new ReportSection(
            "importance", "Importance",
            Html.Paragraph("How much each setting matters by itself: the share of the variance of the scores that a parabola of it explains (for a choice, a mean for each value), corrected for chance. Trials that were stopped early count with the score that they had."),
            HtmlTable.Of("Share of the variance of the scores explained", ["Setting", "#Share", "As a bar"], shares.Select(entry => new object[] { entry.Name, Html.Share(entry.Share), Bar(entry.Share ?? 0) })));
    }

    private static XElement Bar(double share) => new("div", new XAttribute("class", "meter"), new XAttribute("style", FormattableString.Invariant($"width:{share * 12:0.##}rem")));

    private static ReportSection Curves(SweepTrial[] scored)
    {
        Plot plot = new("Scores over the epochs", $"The validation accuracy of {scored.Length} trials over their epochs.",
            PlotAxis.Over("epoch", scored.SelectMany(trial => trial.Curve).Select(epoch => (double)epoch.Epoch), isWhole: true), PlotAxis.Over("score", scored.SelectMany(trial => trial.Curve).Select(epoch => epoch.Score)));
        foreach (SweepTrial trial in scored.Skip(Shown).Reverse())
        {
            plot.Line(null, Points(trial), 5);
        }

        foreach ((int place, SweepTrial trial) in scored.Take(Shown).Index().Reverse())
        {
            plot.Line($"trial {trial.Number}", Points(trial), place);
        }

        return new ReportSection("curves", "Learning curves", Html.Row(Html.Figure(plot.ToSvg(), "A line a trial: validation accuracy over its epochs. The five best are named, the others gray.")));
    }

    private static IEnumerable<(double, double)> Points(SweepTrial trial) => trial.Curve.Select(epoch => ((double)epoch.Epoch, epoch.Score));

    private static ReportSection Table(IReadOnlyList<SweepParameter> parameters, SweepTrial[] ranked) => new("trials", "Trials", HtmlTable.Of(
        "All trials, the best first", ["Trial", "State", "#Epochs", "#Score", "#Seconds", .. parameters.Select(parameter => $"#{parameter.Name}"), "Error"],
        ranked.Select(trial => (object[])[
            Html.Count(trial.Number), trial.State.ToString(), Html.Count(trial.Epochs), Html.Share(trial.Score), Html.Number(trial.Seconds, "0.0"),
            .. trial.Settings.Select(setting => SweepTable.Text(setting.Value)), trial.Error ?? ""])));
}

/// <summary>Parallel coordinates as inline SVG: a vertical axis for each quantity, and a line for each thing that has a value of each.</summary>
internal static class ParallelCoordinates
{
    private const double Gap = 120;
    private const double Side = 60;
    private const double Top = 30;
    private const double Bottom = 240;

    /// <param name="label">What the image shows, for screen readers.</param>
    /// <param name="axes">From the left.</param>
    /// <param name="lines">
    /// For each axis a position in [0, 1], or NaN for a gap; and a shade in [0, 1], 1 being the strongest. Later lines are drawn above.
    /// </param>
    public static XElement Of(string label, IReadOnlyList<ParallelAxis> axes, IEnumerable<(IReadOnlyList<double> Places, double Shade)> lines) => Image(
        "plot wide", 2 * Side + (axes.Count - 1) * Gap, Bottom + 15, label,
        new XElement("title", label),
        lines.Select(line => new XElement(
            "polyline", new XAttribute("class", "line s0"), new XAttribute("style", $"opacity:{N(0.12 + 0.88 * line.Shade)};stroke-width:{N(1 + line.Shade)}"),
            new XAttribute("points", string.Join(' ', line.Places.Index().Where(place => double.IsFinite(place.Item)).Select(place => $"{N(X(place.Index))},{N(Y(place.Item))}"))))),
        axes.Index().SelectMany(axis => AxisOf(axis.Index, axis.Item)));

    private static IEnumerable<XElement> AxisOf(int index, ParallelAxis axis) =>
    [
        Path("axis", $"M{N(X(index))} {N(Top)}V{N(Bottom)}"),
        Text(X(index), Top - 14, "middle", axis.Name),
        .. axis.Marks.Select(mark => Text(X(index) + 5, Y(mark.Place) + 4, "start", mark.Text)),
    ];

    private static double X(int index) => Side + index * Gap;

    private static double Y(double place) => Bottom - place * (Bottom - Top);
}

/// <summary>One vertical axis of parallel coordinates.</summary>
/// <param name="Name">Above it.</param>
/// <param name="Marks">Texts beside it, at positions in [0, 1], 0 being the bottom.</param>
internal sealed record ParallelAxis(string Name, IReadOnlyList<(double Place, string Text)> Marks);
