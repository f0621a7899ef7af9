using Microsoft.ML.FeatureMining.Reports;

namespace Microsoft.ML.FeatureMining.Evaluation;

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
