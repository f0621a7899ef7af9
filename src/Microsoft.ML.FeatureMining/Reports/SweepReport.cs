using System.Globalization;
using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Sweeps;
using static Microsoft.ML.FeatureMining.Reports.Svg;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>The trials of a sweep as sections of an HTML report.</summary>
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
            // A fit to a handful of trials explains almost any scores.
            IEnumerable<ReportSection> importance = scored.Length >= ParameterImportance.MinTrials ? [Importance(parameters, scored)] : [];
            sections.AddRange([Coordinates(parameters, scored), .. importance, Curves(scored)]);
        }

        return [.. sections, Table(parameters, ranked)];
    }

    private static ReportSection Summary(SweepTrial[] ranked, SweepTrial[] scored) =>
        new(
            "summary",
            "Summary",
            Html.Facts([
                ("Trials", Html.Count(ranked.Length)),
                ("Completed", Html.Count(ranked.Count(trial => trial.State == TrialState.Completed))),
                ("Failed", Html.Count(ranked.Count(trial => trial.State == TrialState.Failed))),
                ("Epochs", Html.Count(ranked.Sum(trial => trial.Epochs))),
                ("Time", TimeSpan.FromSeconds(Math.Round(ranked.Sum(trial => trial.Seconds))).ToString("g", CultureInfo.InvariantCulture)),
                .. scored
                    .Take(1)
                    .SelectMany(best =>
                        new[] { ("Best score", Html.Percent(best.Score)), ("Best trial", Html.Count(best.Number)) }.Concat(
                            best.Settings.Select(setting => ("Best " + setting.Key, SweepTable.Text(setting.Value)))
                        )
                    ),
            ])
        );

    private static ReportSection Coordinates(IReadOnlyList<SweepParameter> parameters, SweepTrial[] scored)
    {
        PlotAxis score = PlotAxis.Over("score", scored.Select(trial => trial.Score!.Value));
        ParallelAxis[] axes =
        [
            .. parameters.Select(parameter => new ParallelAxis(parameter.Name, MarksOf(parameter))),
            new ParallelAxis("score", [(0, Html.Percent(score.Min)), (1, Html.Percent(score.Max))]),
        ];
        // The best are drawn last, on top.
        IEnumerable<(IReadOnlyList<double>, double)> lines = scored
            .Reverse()
            .Select(trial =>
                (
                    (IReadOnlyList<double>)
                        [.. parameters.Zip(trial.Settings, (parameter, setting) => parameter.PositionOf(setting.Value)), score.Position(trial.Score!.Value)],
                    Math.Pow(score.Position(trial.Score!.Value), 2)
                )
            );
        const string Label = "Parallel coordinates: one line per trial, from its settings to its score. The strongest lines are the best trials.";
        return new ReportSection(
            "coordinates",
            "Settings and scores",
            Html.Figure(
                HtmlTable.Scrolling(Label, ParallelCoordinates.Of(Label, axes, lines)),
                "One line per trial; stronger lines have better scores. The table of trials has the numbers."
            )
        );
    }

    // All values of a choice; minimum, middle and maximum of a number.
    private static IReadOnlyList<(double, string)> MarksOf(SweepParameter parameter) =>
        [.. parameter.Grid(3).Select(value => (parameter.PositionOf(value), SweepTable.Text(value)))];

    private static ReportSection Importance(IReadOnlyList<SweepParameter> parameters, SweepTrial[] scored)
    {
        (string Name, double? Fraction)[] importances =
        [
            .. parameters
                .Select(
                    (parameter, i) =>
                        (parameter.Name, ParameterImportance.Of(parameter, [.. scored.Select(trial => (trial.Settings[i].Value, trial.Score!.Value))]))
                )
                .OrderByDescending(entry => entry.Item2),
        ];
        return new ReportSection(
            "importance",
            "Importance",
            Html.Paragraph(
                "How much each setting matters on its own: the fraction of the variance of the scores that a quadratic fit of the setting "
                    + "explains (for a choice, the mean per value), as adjusted R squared. Trials that were stopped early count with their last best score."
            ),
            HtmlTable.Of(
                "Explained fraction of the variance of the scores",
                ["Setting", "#Explained", "As a bar"],
                importances.Select(entry => new object[] { entry.Name, Html.Percent(entry.Fraction), Bar(entry.Fraction ?? 0) })
            )
        );
    }

    private static XElement Bar(double fraction) =>
        new("div", new XAttribute("class", "meter"), new XAttribute("style", FormattableString.Invariant($"width:{fraction * 12:0.##}rem")));

    private static ReportSection Curves(SweepTrial[] scored)
    {
        Plot plot = new(
            "Score per epoch",
            $"The validation accuracy of {scored.Length} trials per epoch.",
            PlotAxis.Over("epoch", scored.SelectMany(trial => trial.Curve).Select(epoch => (double)epoch.Epoch), isWhole: true),
            PlotAxis.Over("score", scored.SelectMany(trial => trial.Curve).Select(epoch => epoch.Score))
        );
        foreach (SweepTrial trial in scored.Skip(Shown).Reverse())
        {
            plot.Line(null, Points(trial), 5);
        }

        foreach ((int style, SweepTrial trial) in scored.Take(Shown).Index().Reverse())
        {
            plot.Line($"trial {trial.Number}", Points(trial), style);
        }

        return new ReportSection(
            "curves",
            "Learning curves",
            Html.Row(Html.Figure(plot.ToSvg(), "Validation accuracy per epoch, one line per trial. The five best are named, the others are gray."))
        );
    }

    private static IEnumerable<(double, double)> Points(SweepTrial trial) => trial.Curve.Select(epoch => ((double)epoch.Epoch, epoch.Score));

    private static ReportSection Table(IReadOnlyList<SweepParameter> parameters, SweepTrial[] ranked) =>
        new(
            "trials",
            "Trials",
            HtmlTable.Of(
                "All trials, best first",
                ["Trial", "State", "#Epochs", "#Score", "#Seconds", .. parameters.Select(parameter => $"#{parameter.Name}"), "Error"],
                ranked.Select(trial =>
                    (object[])
                        [
                            Html.Count(trial.Number),
                            trial.State.ToString(),
                            Html.Count(trial.Epochs),
                            Html.Percent(trial.Score),
                            Html.Number(trial.Seconds, "0.0"),
                            .. trial.Settings.Select(setting => SweepTable.Text(setting.Value)),
                            trial.Error ?? "",
                        ]
                )
            )
        );
}

/// <summary>A parallel coordinates plot as inline SVG: one vertical axis per quantity, one line per item.</summary>
internal static class ParallelCoordinates
{
    private const double Gap = 120;
    private const double Side = 60;
    private const double Top = 30;
    private const double Bottom = 240;

    /// <param name="label">The text alternative for screen readers.</param>
    /// <param name="axes">The axes from left to right.</param>
    /// <param name="lines">
    /// Per line its position in [0, 1] on each axis (NaN for a gap) and its shade in [0, 1] (1 is the strongest). Later lines are drawn on top.
    /// </param>
    public static XElement Of(string label, IReadOnlyList<ParallelAxis> axes, IEnumerable<(IReadOnlyList<double> Positions, double Shade)> lines) =>
        Image(
            "plot wide",
            2 * Side + (axes.Count - 1) * Gap,
            Bottom + 15,
            label,
            new XElement("title", label),
            lines.Select(line => new XElement(
                "polyline",
                new XAttribute("class", "line s0"),
                new XAttribute("style", $"opacity:{N(0.12 + 0.88 * line.Shade)};stroke-width:{N(1 + line.Shade)}"),
                new XAttribute(
                    "points",
                    string.Join(
                        ' ',
                        line.Positions.Index()
                            .Where(position => double.IsFinite(position.Item))
                            .Select(position => $"{N(X(position.Index))},{N(Y(position.Item))}")
                    )
                )
            )),
            axes.Index().SelectMany(axis => AxisOf(axis.Index, axis.Item))
        );

    private static IEnumerable<XElement> AxisOf(int index, ParallelAxis axis) =>
        [
            Path("axis", $"M{N(X(index))} {N(Top)}V{N(Bottom)}"),
            Text(X(index), Top - 14, "middle", axis.Name),
            .. axis.Marks.Select(mark => Text(X(index) + 5, Y(mark.Position) + 4, "start", mark.Text)),
        ];

    private static double X(int index) => Side + index * Gap;

    private static double Y(double position) => Bottom - position * (Bottom - Top);
}

/// <summary>One vertical axis of parallel coordinates.</summary>
/// <param name="Name">The title above it.</param>
/// <param name="Marks">Labels at positions in [0, 1]; 0 is the bottom.</param>
internal sealed record ParallelAxis(string Name, IReadOnlyList<(double Position, string Text)> Marks);
