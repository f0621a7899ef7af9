using Microsoft.ML.FeatureMining.Detection.Evaluation;
using Microsoft.ML.FeatureMining.Reports;

namespace Microsoft.ML.FeatureMining.Detection.Reports;

/// <summary>The metrics of a detector, and images with boxes, as sections of an HTML report.</summary>
internal static class DetectionSections
{
    public static ReportSection Summary(DetectionMetrics metrics) =>
        new(
            "summary",
            "Summary",
            Html.Facts(
                ("Mean average precision", Html.Percent(metrics.MeanAveragePrecision)),
                ("VOC 2007, eleven points", Html.Percent(metrics.MeanAveragePrecision2007)),
                ("Images", Html.Count(metrics.Images)),
                ("Labeled objects", Html.Count(metrics.Objects)),
                ("Objects found", Html.Count(metrics.Detections))
            ),
            Html.Paragraph(
                "An object found is correct if its IoU with a labeled object of its class is above 0.5 and no better one has found that object. "
                    + "Objects found count with all scores, also low ones."
            )
        );

    public static ReportSection Classes(DetectionMetrics metrics) =>
        new(
            "classes",
            "Classes",
            HtmlTable.Of(
                "Average precision per class",
                ["Class", "#Objects", "#Average precision", "#VOC 2007, eleven points"],
                metrics.PerClass.Select(one =>
                    new object[]
                    {
                        one.Class,
                        Html.Count(one.Objects),
                        Html.Percent(double.IsNaN(one.AveragePrecision) ? null : one.AveragePrecision),
                        Html.Percent(double.IsNaN(one.AveragePrecision2007) ? null : one.AveragePrecision2007),
                    }
                )
            )
        );

    /// <param name="images">Images with boxes, as PNG, and what they are.</param>
    /// <param name="minScore">The smallest score of the objects that are drawn.</param>
    public static ReportSection Images(IEnumerable<(byte[] Png, string Name, string Caption)> images, double minScore) =>
        new(
            "images",
            "Images",
            Html.Paragraph(
                FormattableString.Invariant($"Labeled objects are outlined in black and white; objects found with a score of at least {minScore} in color, ")
                    + "with class and score."
            ),
            Html.Row(images.Select(image => Html.Figure(Html.Image(image.Png, image.Name, "pixels"), image.Caption)))
        );
}
