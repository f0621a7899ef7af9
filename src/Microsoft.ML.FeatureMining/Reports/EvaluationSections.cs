using System.Globalization;
using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>Evaluation of a classifier as sections of an HTML report.</summary>
internal static class EvaluationSections
{
    private const int MostPairs = 15;

    public static IEnumerable<(string Name, string Value)> Facts(ClassificationReport report)
    {
        yield return ("Rows", Html.Count(report.Rows));
        yield return ("Accuracy", Html.Percent(report.Accuracy));
        if (report.Classes.Count > 5)
        {
            yield return ("Top-5 accuracy", Html.Percent(report.TopKAccuracy(5)));
        }

        yield return ("Macro recall", Html.Percent(report.MacroRecall));
        yield return ("Macro F1", Html.Number(report.MacroF1));
        yield return ("Log-loss", Html.Number(report.LogLoss));
        yield return ("Calibration error", Html.Number(report.Calibration.ExpectedError));
        foreach ((string name, int count) in new[] { ("Without a label", report.Unlabeled), ("Unreadable", report.Unreadable) }.Where(entry => entry.Item2 > 0))
        {
            yield return (name, Html.Count(count));
        }

        if (report.Coverage.UnknownClasses.Count > 0)
        {
            yield return ("Of unknown classes", report.Coverage.ToString());
        }
    }

    /// <summary>Loss and accuracy per epoch.</summary>
    /// <param name="history">The metrics of each epoch.</param>
    /// <param name="network">The number of the network in an ensemble, from 1; null for a single network.</param>
    public static ReportSection Curves(IReadOnlyList<EpochMetrics> history, int? network = null)
    {
        bool validated = history.Any(epoch => epoch.ValidationLoss is not null);
        PlotAxis epochs = PlotAxis.Over("epoch", history.Select(epoch => (double)epoch.Epoch), isWhole: true);
        EpochMetrics last = history[^1];
        Plot loss = new(
            "Loss per epoch",
            $"Training loss ends at " + $"{Html.Number(last.TrainLoss)}{(validated ? $", validation loss at {Html.Number(last.ValidationLoss)}" : "")}.",
            epochs,
            LossAxis(history)
        );
        Plot accuracy = new(
            "Accuracy per epoch",
            $"Training accuracy ends at "
                + $"{Html.Percent(last.TrainAccuracy)}{(validated ? $", validation accuracy at {Html.Percent(last.ValidationAccuracy)}" : "")}.",
            epochs,
            new PlotAxis("accuracy", 0, 1)
        );
        loss.Line("training", history.Select(epoch => ((double)epoch.Epoch, epoch.TrainLoss)), 0);
        accuracy.Line("training", history.Select(epoch => ((double)epoch.Epoch, epoch.TrainAccuracy)), 0);
        if (validated)
        {
            loss.Line("validation", history.Select(epoch => ((double)epoch.Epoch, epoch.ValidationLoss ?? double.NaN)), 1);
            accuracy.Line("validation", history.Select(epoch => ((double)epoch.Epoch, epoch.ValidationAccuracy ?? double.NaN)), 1);
        }

        return new ReportSection(
            network is null ? "curves" : $"curves-{network}",
            network is null ? "Learning curves" : $"Learning curves, network {network}",
            Html.Row(
                Html.Figure(
                    loss.ToSvg(),
                    "Loss. Training loss is the mean over the epoch on augmented images. Values above the upper edge are drawn at the edge."
                ),
                Html.Figure(accuracy.ToSvg(), "Accuracy, measured in the same way.")
            ),
            Html.Details(
                "All epochs as a table",
                HtmlTable.Of(
                    "Metrics per epoch",
                    ["Epoch", "#Learning rate", "#Training loss", "#Training accuracy", "#Validation loss", "#Validation accuracy", "#Seconds"],
                    history.Select(epoch =>
                        new object[]
                        {
                            Html.Count(epoch.Epoch),
                            Html.Number(epoch.LearningRate, "G3"),
                            Html.Number(epoch.TrainLoss),
                            Html.Percent(epoch.TrainAccuracy),
                            Html.Number(epoch.ValidationLoss),
                            Html.Percent(epoch.ValidationAccuracy),
                            Html.Number(epoch.Seconds, "0.0"),
                        }
                    )
                )
            )
        );
    }

    // The validation loss of the first epochs can be so large that the rest of the plot would be flat.
    private static PlotAxis LossAxis(IReadOnlyList<EpochMetrics> history)
    {
        PlotAxis whole = PlotAxis.Over("loss", history.SelectMany(epoch => new[] { epoch.TrainLoss, epoch.ValidationLoss ?? epoch.TrainLoss }), fromZero: true);
        double most = 2 * history.Max(epoch => epoch.TrainLoss);
        return most > 0 && most < whole.Max ? whole with { Max = most } : whole;
    }

    /// <summary>Accuracy of several models on the same rows, with a paired test against the first.</summary>
    /// <param name="models">By name, for each measured row whether the model is right. The first model is that of the report.</param>
    public static ReportSection Comparison(IReadOnlyList<(string Name, IReadOnlyDictionary<long, bool> Hits)> models) =>
        new(
            "comparison",
            "Comparison",
            Html.Paragraph(
                $"Accuracy on the same rows. p: McNemar's exact test, two-sided, of the rows that only one of a model and {models[0].Name} has right."
            ),
            HtmlTable.Of(
                "Accuracy of the models",
                ["Model", "#n", "#Accuracy", "#Difference", "#Only this right", $"#Only {models[0].Name} right", "#p"],
                models.Select((model, i) => ComparisonRow(model, i == 0 ? null : PairedComparison.Of(models[0].Hits, model.Hits)))
            )
        );

    private static object[] ComparisonRow((string Name, IReadOnlyDictionary<long, bool> Hits) model, PairedComparison? pair)
    {
        int rows = pair?.Rows ?? model.Hits.Count;
        double? difference = pair is { Rows: > 0 } ? (double)(pair.OnlySecond - pair.OnlyFirst) / pair.Rows : null;
        return
        [
            model.Name,
            Html.Count(rows),
            Html.Percent(model.Hits.Count == 0 ? null : model.Hits.Values.Count(isRight => isRight) / (double)model.Hits.Count),
            difference is null ? "–" : $"{(difference > 0 ? "+" : "")}{Html.Percent(difference)}",
            pair is null ? "–" : Html.Count(pair.OnlySecond),
            pair is null ? "–" : Html.Count(pair.OnlyFirst),
            Html.Number(pair?.PValue),
        ];
    }

    /// <summary>Metrics per class.</summary>
    public static ReportSection Classes(ClassificationReport report) =>
        new(
            "classes",
            "Classes",
            HtmlTable.Of(
                "Precision, recall and F1 of each class",
                ["Class", "#Rows", "#Predicted", "#Correct", "#Precision", "#Recall", "#F1"],
                report
                    .Classes.Select(entry =>
                        new object[]
                        {
                            entry.Name,
                            Html.Count(entry.Rows),
                            Html.Count(entry.Predicted),
                            Html.Count(entry.Correct),
                            Html.Number(entry.Precision),
                            Html.Number(entry.Recall),
                            Html.Number(entry.F1),
                        }
                    )
                    .Append([
                        "Mean (macro)",
                        Html.Count(report.Rows),
                        "",
                        "",
                        Html.Number(report.MacroPrecision),
                        Html.Number(report.MacroRecall),
                        Html.Number(report.MacroF1),
                    ])
            )
        );

    /// <summary>The confusion matrix and the most confused pairs of classes.</summary>
    public static ReportSection Confusion(ClassificationReport report)
    {
        IReadOnlyList<ConfusedPair> pairs = report.MostConfused(MostPairs);
        XElement worst =
            pairs.Count == 0
                ? Html.Paragraph("No class was confused with another.")
                : HtmlTable.Of(
                    "Most confused pairs",
                    ["Class", "Predicted as", "#Rows", "#Of the class"],
                    pairs.Select(pair => new object[] { pair.Actual, pair.Predicted, Html.Count(pair.Count), Html.Percent(pair.Fraction) })
                );
        return new ReportSection("confusion", "Confusion", ConfusionMatrix.Of(report), worst);
    }

    /// <summary>The reliability diagram and the calibration errors.</summary>
    public static ReportSection Calibration(ClassificationReport report)
    {
        Calibration calibration = report.Calibration;
        CalibrationBin[] bins = [.. calibration.Bins.Where(bin => bin.Count > 0)];
        PlotAxis confidence = new("confidence", 0, 1);
        string summary = $"Expected calibration error {Html.Number(calibration.ExpectedError)}, largest {Html.Number(calibration.MaximumError)}.";
        Plot diagram = new Plot("Reliability diagram", summary, confidence, new PlotAxis("accuracy", 0, 1))
            .Bars("measured", bins.Select(bin => (bin.From, bin.To, bin.Accuracy)), 0)
            .Line("perfect", [(0, 0), (1, 1)], 1);
        Plot counts = new Plot(
            "Confidence histogram",
            "Rows by the probability of the predicted class.",
            confidence,
            PlotAxis.Over("rows", bins.Select(bin => (double)bin.Count), fromZero: true, isWhole: true)
        ).Bars(null, bins.Select(bin => (bin.From, bin.To, (double)bin.Count)), 2);
        return new ReportSection(
            "calibration",
            "Calibration",
            Html.Paragraph(
                summary,
                " For example, 80 % of the rows with a confidence of 80 % should be right. Bars below the line mean overconfidence, bars "
                    + "above it underconfidence."
            ),
            Html.Row(
                Html.Figure(diagram.ToSvg(), "Accuracy by confidence (the probability of the predicted class)."),
                Html.Figure(counts.ToSvg(), "The number of rows per bin.")
            ),
            Html.Details(
                "The bins as a table",
                HtmlTable.Of(
                    "Rows by confidence",
                    ["Confidence", "#Rows", "#Mean confidence", "#Accuracy"],
                    bins.Select(bin =>
                        new object[]
                        {
                            $"{Html.Number(bin.From)} to {Html.Number(bin.To)}",
                            Html.Count(bin.Count),
                            Html.Number(bin.Confidence),
                            Html.Number(bin.Accuracy),
                        }
                    )
                )
            )
        );
    }
}

/// <summary>A confusion matrix as HTML: a table for up to 20 classes, an image for more.</summary>
internal static class ConfusionMatrix
{
    private const int LargestTable = 20;

    // The colors of the stylesheet in the light theme.
    private static readonly byte[] Right = [26, 127, 55];
    private static readonly byte[] Wrong = [207, 34, 46];

    // Longer names are rotated, so that the columns stay narrow.
    private const int LongName = 5;

    public static XElement Of(ClassificationReport report) => report.Classes.Count <= LargestTable ? Table(report) : Image(report);

    private static XElement Table(ClassificationReport report) =>
        HtmlTable.Scrolling(
            "Confusion matrix",
            new XElement(
                "table",
                new XAttribute("class", report.Classes.Any(entry => entry.Name.Length > LongName) ? "matrix tall" : "matrix"),
                new XElement("caption", "Confusion matrix: rows are actual classes, columns are predicted classes"),
                new XElement(
                    "thead",
                    new XElement("tr", new XElement("td"), report.Classes.Select(entry => new XElement("th", new XAttribute("scope", "col"), entry.Name)))
                ),
                new XElement(
                    "tbody",
                    report
                        .Classes.Index()
                        .Select(row => new XElement(
                            "tr",
                            new XElement("th", new XAttribute("scope", "row"), new XAttribute("title", row.Item.Name), row.Item.Name),
                            Enumerable.Range(0, report.Classes.Count).Select(column => Cell(report, row.Index, column))
                        ))
                )
            )
        );

    // At most 60 % opacity, so that the number stays readable.
    private static XElement Cell(ClassificationReport report, int actual, int predicted)
    {
        string shade = (0.6 * Share(report, actual, predicted)).ToString("0.##", CultureInfo.InvariantCulture);
        return new XElement(
            "td",
            new XAttribute("style", $"background:rgb(var(--{(actual == predicted ? "right" : "wrong")}) / {shade})"),
            Html.Count(report.Count(actual, predicted))
        );
    }

    private static XElement Image(ClassificationReport report)
    {
        int classes = report.Classes.Count;
        byte[] pixels =
        [
            .. from actual in Enumerable.Range(0, classes)
            from predicted in Enumerable.Range(0, classes)
            let share = Share(report, actual, predicted)
            from channel in actual == predicted ? Right : Wrong
            select (byte)Math.Round(byte.MaxValue - share * (byte.MaxValue - channel)),
        ];
        string alt =
            $"Confusion matrix of {classes} classes. Rows are actual classes, columns are predicted classes. {Html.Percent(report.Accuracy)} of the "
            + $"rows are on the diagonal.";
        return Html.Figure(
            Html.Image(ImageCodec.EncodePng(pixels, classes, classes), alt, "pixels"),
            "Confusion matrix: rows are actual classes, columns are predicted classes, both in the order of the table of classes. Green: right; red: wrong. The full "
                + "color means all rows of the class."
        );
    }

    private static double Share(ClassificationReport report, int actual, int predicted) =>
        report.Classes[actual].Rows is > 0 and int rows ? (double)report.Count(actual, predicted) / rows : 0;
}

/// <summary>Evaluation of a multi-label classifier as sections of an HTML report.</summary>
internal static class MultilabelSections
{
    public static IEnumerable<(string Name, string Value)> Facts(MultilabelClassificationMetrics metrics) =>
        [
            ("Rows", Html.Count(metrics.Rows)),
            ("mAP", Html.Percent(metrics.MeanAveragePrecision)),
            ("Micro precision", Html.Percent(metrics.Micro.Precision)),
            ("Micro recall", Html.Percent(metrics.Micro.Recall)),
            ("Micro F1", Html.Number(metrics.Micro.F1)),
            ("Macro F1", Html.Number(metrics.MacroF1)),
            ("Subset accuracy", Html.Percent(metrics.SubsetAccuracy)),
            ("Jaccard index", Html.Number(metrics.JaccardIndex)),
            .. metrics.UnscoredRows > 0 ? new[] { ("Skipped", Html.Count(metrics.UnscoredRows)) } : [],
        ];

    /// <summary>The 2x2 confusion matrix of each class, and the metrics computed from it.</summary>
    public static ReportSection Classes(MultilabelClassificationMetrics metrics) =>
        new(
            "classes",
            "Classes",
            Html.Paragraph(
                "A class is predicted if its probability is at least 0.5. TP: rows with the class, predicted. FN: rows with the class, not predicted. "
                    + "FP: rows without the class, predicted. TN: rows without the class, not predicted. AP: average precision over all thresholds."
            ),
            HtmlTable.Of(
                "Metrics per class",
                ["Class", "#TP", "#FN", "#FP", "#TN", "#Precision", "#Recall", "#F1", "#AP"],
                [
                    .. metrics.Classes.Select(entry => Row(entry, entry.AveragePrecision)),
                    Row(metrics.Micro, null),
                    [
                        "Mean (macro)",
                        "",
                        "",
                        "",
                        "",
                        Html.Number(metrics.MacroPrecision),
                        Html.Number(metrics.MacroRecall),
                        Html.Number(metrics.MacroF1),
                        Html.Number(metrics.MeanAveragePrecision),
                    ],
                ]
            )
        );

    private static object[] Row(LabelMetrics entry, double? averagePrecision) =>
        [
            entry.Name,
            Html.Count(entry.TruePositives),
            Html.Count(entry.FalseNegatives),
            Html.Count(entry.FalsePositives),
            Html.Count(entry.TrueNegatives),
            Html.Number(entry.Precision),
            Html.Number(entry.Recall),
            Html.Number(entry.F1),
            Html.Number(averagePrecision),
        ];
}
