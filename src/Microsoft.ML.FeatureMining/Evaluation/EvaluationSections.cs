using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Reports;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Evaluation;

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
        foreach ((string name, int count) in new[] { ("Without a label", report.Unlabelled), ("Unreadable", report.Unreadable) }.Where(entry => entry.Item2 > 0))
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
