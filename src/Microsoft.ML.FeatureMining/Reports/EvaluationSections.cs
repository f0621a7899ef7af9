using System.Globalization;
using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>What a classifier got right and wrong, as parts of an HTML report.</summary>
internal static class EvaluationSections
{
    private const int MostPairs = 15;

    public static IEnumerable<(string Name, string Value)> Facts(ClassificationReport report)
    {
        yield return ("Rows", Html.Count(report.Rows));
        yield return ("Accuracy", Html.Share(report.Accuracy));
        if (report.Classes.Count > 5)
        {
            yield return ("Top-5 accuracy", Html.Share(report.TopKAccuracy(5)));
        }

        yield return ("Macro recall", Html.Share(report.MacroRecall));
        yield return ("Macro F1", Html.Number(report.MacroF1));
        yield return ("Log-loss", Html.Number(report.LogLoss));
        yield return ("Calibration error", Html.Number(report.Calibration.ExpectedError));
        foreach ((string name, int count) in new[] { ("Without a label", report.Unlabeled), ("Unreadable", report.Unreadable) }.Where(entry => entry.Item2 > 0))
        {
            yield return (name, Html.Count(count));
        }
    }

    /// <summary>Loss and accuracy over the epochs of the training.</summary>
    /// <param name="history">Each epoch.</param>
    /// <param name="network">Which of several networks, from 1; null for the only one.</param>
    public static ReportSection Curves(IReadOnlyList<EpochMetrics> history, int? network = null)
    {
        bool validated = history.Any(epoch => epoch.ValidationLoss is not null);
        PlotAxis epochs = PlotAxis.Over("epoch", history.Select(epoch => (double)epoch.Epoch), isWhole: true);
        EpochMetrics last = history[^1];
        Plot loss = new("Loss over the epochs", $"Training loss ends at {Html.Number(last.TrainLoss)}{(validated ? $", validation loss at {Html.Number(last.ValidationLoss)}" : "")}.",
            epochs, LossAxis(history));
        Plot accuracy = new("Accuracy over the epochs", $"Training accuracy ends at {Html.Share(last.TrainAccuracy)}{(validated ? $", validation accuracy at {Html.Share(last.ValidationAccuracy)}" : "")}.",
            epochs, new PlotAxis("accuracy", 0, 1));
        loss.Line("training", history.Select(epoch => ((double)epoch.Epoch, epoch.TrainLoss)), 0);
        accuracy.Line("training", history.Select(epoch => ((double)epoch.Epoch, epoch.TrainAccuracy)), 0);
        if (validated)
        {
            loss.Line("validation", history.Select(epoch => ((double)epoch.Epoch, epoch.ValidationLoss ?? double.NaN)), 1);
            accuracy.Line("validation", history.Select(epoch => ((double)epoch.Epoch, epoch.ValidationAccuracy ?? double.NaN)), 1);
        }

        return new ReportSection(
            network is null ? "curves" : $"curves-{network}", network is null ? "Learning curves" : $"Learning curves, network {network}",
            Html.Row(Html.Figure(loss.ToSvg(), "Loss. Training: over the epoch, on augmented images. What lies above the upper edge is drawn on it."), Html.Figure(accuracy.ToSvg(), "Accuracy, measured alike.")),
            Html.Details("All epochs as a table", HtmlTable.Of(
                "Each epoch of the training", ["Epoch", "#Learning rate", "#Training loss", "#Training accuracy", "#Validation loss", "#Validation accuracy", "#Seconds"],
                history.Select(epoch => new object[]
                {
                    Html.Count(epoch.Epoch), Html.Number(epoch.LearningRate, "G3"), Html.Number(epoch.TrainLoss), Html.Share(epoch.TrainAccuracy),
                    Html.Number(epoch.ValidationLoss), Html.Share(epoch.ValidationAccuracy), Html.Number(epoch.Seconds, "0.0"),
                }))));
    }

    // The first epochs of a validation may be far off, and would press all others flat.
    private static PlotAxis LossAxis(IReadOnlyList<EpochMetrics> history)
    {
        PlotAxis whole = PlotAxis.Over("loss", history.SelectMany(epoch => new[] { epoch.TrainLoss, epoch.ValidationLoss ?? epoch.TrainLoss }), fromZero: true);
        double most = 2 * history.Max(epoch => epoch.TrainLoss);
        return most > 0 && most < whole.Max ? whole with { Max = most } : whole;
    }

    /// <summary>Each class by itself.</summary>
    public static ReportSection Classes(ClassificationReport report) => new("classes", "Classes", HtmlTable.Of(
        "Precision, recall and F1 of each class", ["Class", "#Rows", "#Predicted", "#Correct", "#Precision", "#Recall", "#F1"],
        report.Classes.Select(entry => new object[]
        {
            entry.Name, Html.Count(entry.Rows), Html.Count(entry.Predicted), Html.Count(entry.Correct), Html.Number(entry.Precision), Html.Number(entry.Recall), Html.Number(entry.F1),
        }).Append(["Mean (macro)", Html.Count(report.Rows), "", "", Html.Number(report.MacroPrecision), Html.Number(report.MacroRecall), Html.Number(report.MacroF1)])));

    /// <summary>Which classes are taken for which.</summary>
    public static ReportSection Confusion(ClassificationReport report)
    {
        IReadOnlyList<ConfusedPair> pairs = report.MostConfused(MostPairs);
        XElement worst = pairs.Count == 0
            ? Html.Paragraph("No class was taken for another.")
            : HtmlTable.Of("The pairs that are mixed up most", ["Class", "Taken for", "#Rows", "#Of the class"],
                pairs.Select(pair => new object[] { pair.Actual, pair.Predicted, Html.Count(pair.Count), Html.Share(pair.Share) }));
        return new ReportSection("confusion", "Confusion", ConfusionMatrix.Of(report), worst);
    }

    /// <summary>Whether probabilities mean what they say.</summary>
    public static ReportSection Calibration(ClassificationReport report)
    {
        Calibration calibration = report.Calibration;
        CalibrationBin[] bins = [.. calibration.Bins.Where(bin => bin.Count > 0)];
        PlotAxis confidence = new("confidence", 0, 1);
        string summary = $"Expected calibration error {Html.Number(calibration.ExpectedError)}, largest {Html.Number(calibration.MaximumError)}.";
        Plot diagram = new Plot("Reliability diagram", summary, confidence, new PlotAxis("accuracy", 0, 1))
            .Bars("measured", bins.Select(bin => (bin.From, bin.To, bin.Accuracy)), 0)
            .Line("perfect", [(0, 0), (1, 1)], 1);
        Plot counts = new Plot("How sure the network is", "Rows by the probability of the predicted class.", confidence, PlotAxis.Over("rows", bins.Select(bin => (double)bin.Count), fromZero: true, isWhole: true))
            .Bars(null, bins.Select(bin => (bin.From, bin.To, (double)bin.Count)), 2);
        return new ReportSection(
            "calibration", "Calibration",
            Html.Paragraph(summary, " Of all rows that the network is 80 % sure of, 80 % should be right: bars below the line are too sure, bars above it not sure enough."),
            Html.Row(Html.Figure(diagram.ToSvg(), "Accuracy by confidence, the predicted class's probability."), Html.Figure(counts.ToSvg(), "How many rows are in each bin.")),
            Html.Details("The bins as a table", HtmlTable.Of(
                "Rows by confidence", ["Confidence", "#Rows", "#Mean confidence", "#Accuracy"],
                bins.Select(bin => new object[] { $"{Html.Number(bin.From)} to {Html.Number(bin.To)}", Html.Count(bin.Count), Html.Number(bin.Confidence), Html.Number(bin.Accuracy) }))));
    }
}

/// <summary>A confusion matrix as HTML: a table for up to 20 classes, an image for more.</summary>
internal static class ConfusionMatrix
{
    private const int LargestTable = 20;

    // Names that are longer stand upright, so that the columns stay narrow.
    private const int LongName = 5;

    public static XElement Of(ClassificationReport report) => report.Classes.Count <= LargestTable ? Table(report) : Image(report);

    private static XElement Table(ClassificationReport report) => HtmlTable.Scrolling("Confusion matrix", new XElement(
        "table", new XAttribute("class", report.Classes.Any(entry => entry.Name.Length > LongName) ? "matrix tall" : "matrix"),
        new XElement("caption", "Confusion matrix: rows are the classes, columns what they were taken for"),
        new XElement("thead", new XElement("tr", new XElement("td"), report.Classes.Select(entry => new XElement("th", new XAttribute("scope", "col"), entry.Name)))),
        new XElement("tbody", report.Classes.Index().Select(row => new XElement(
            "tr", new XElement("th", new XAttribute("scope", "row"), row.Item.Name), Enumerable.Range(0, report.Classes.Count).Select(column => Cell(report, row.Index, column)))))));

    // Up to 60 % of the color, so that the number stays readable.
    private static XElement Cell(ClassificationReport report, int actual, int predicted)
    {
        string shade = (0.6 * Share(report, actual, predicted)).ToString("0.##", CultureInfo.InvariantCulture);
        return new XElement("td", new XAttribute("style", $"background:rgb(var(--heat) / {shade})"), Html.Count(report.Count(actual, predicted)));
    }

    private static XElement Image(ClassificationReport report)
    {
        int classes = report.Classes.Count;
        byte[] pixels = [.. from actual in Enumerable.Range(0, classes)
                            from predicted in Enumerable.Range(0, classes)
                            select (byte)(255 - Math.Round(255 * Share(report, actual, predicted)))];
        string alt = $"Confusion matrix of {classes} classes, rows the classes, columns what they were taken for; {Html.Share(report.Accuracy)} of the rows lie on the diagonal.";
        return Html.Figure(
            Html.Image(ImageCodec.EncodePng(pixels, classes, classes), alt, "pixels"),
            "Confusion matrix: a row a class in the order of the table of classes, a column what it was taken for; black is all of the class's rows.");
    }

    private static double Share(ClassificationReport report, int actual, int predicted) =>
        report.Classes[actual].Rows is > 0 and int rows ? (double)report.Count(actual, predicted) / rows : 0;
}

/// <summary>How well the classes of images with any number of them are found, as parts of an HTML report.</summary>
internal static class MultilabelSections
{
    public static IEnumerable<(string Name, string Value)> Facts(MultilabelClassificationMetrics metrics) =>
    [
        ("Rows", Html.Count(metrics.Rows)),
        ("mAP", Html.Share(metrics.MeanAveragePrecision)),
        ("Micro precision", Html.Share(metrics.Micro.Precision)),
        ("Micro recall", Html.Share(metrics.Micro.Recall)),
        ("Micro F1", Html.Number(metrics.Micro.F1)),
        ("Macro F1", Html.Number(metrics.MacroF1)),
        ("All classes right", Html.Share(metrics.SubsetAccuracy)),
        ("Jaccard index", Html.Number(metrics.JaccardIndex)),
        .. metrics.UnscoredRows > 0 ? new[] { ("Left out", Html.Count(metrics.UnscoredRows)) } : [],
    ];

    /// <summary>The 2x2 confusion matrix of each class, and what follows from it.</summary>
    public static ReportSection Classes(MultilabelClassificationMetrics metrics) => new(
        "classes", "Classes",
        Html.Paragraph("A class counts as found from a probability of one half on. The 2x2 confusion matrix of a class: TP rows have it and are said to, FN have it and are said not to, FP do not and are said to, TN do not and are said not to. AP is the average precision over all thresholds."),
        HtmlTable.Of(
            "Each class by itself",
            ["Class", "#TP", "#FN", "#FP", "#TN", "#Precision", "#Recall", "#F1", "#AP"],
            [
                .. metrics.Classes.Select(entry => Row(entry, entry.AveragePrecision)),
                Row(metrics.Micro, null),
                ["Mean (macro)", "", "", "", "", Html.Number(metrics.MacroPrecision), Html.Number(metrics.MacroRecall), Html.Number(metrics.MacroF1), Html.Number(metrics.MeanAveragePrecision)],
            ]));

    private static object[] Row(LabelMetrics entry, double? averagePrecision) =>
    [
        entry.Name, Html.Count(entry.TruePositives), Html.Count(entry.FalseNegatives), Html.Count(entry.FalsePositives), Html.Count(entry.TrueNegatives),
        Html.Number(entry.Precision), Html.Number(entry.Recall), Html.Number(entry.F1), Html.Number(averagePrecision),
    ];
}
