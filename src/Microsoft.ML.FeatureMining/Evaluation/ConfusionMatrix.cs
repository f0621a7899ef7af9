using System.Globalization;
using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Reports;

namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>A confusion matrix as HTML: a table as long as it can be read, a picture of it beyond.</summary>
internal static class ConfusionMatrix
{
    private const int LargestTable = 20;

    // Names that are longer stand upright, so that the columns stay narrow.
    private const int LongName = 5;

    public static XElement Of(ClassificationReport report) => report.Classes.Count <= LargestTable ? Table(report) : Picture(report);

    private static XElement Table(ClassificationReport report) => HtmlTable.Scrolling("Confusion matrix", new XElement(
        "table", new XAttribute("class", report.Classes.Any(entry => entry.Name.Length > LongName) ? "matrix tall" : "matrix"),
        new XElement("caption", "Confusion matrix: rows are the classes, columns what they were taken for"),
        new XElement("thead", new XElement("tr", new XElement("td"), report.Classes.Select(entry => new XElement("th", new XAttribute("scope", "col"), entry.Name)))),
        new XElement("tbody", report.Classes.Index().Select(row => new XElement(
            "tr", new XElement("th", new XAttribute("scope", "row"), row.Item.Name), Enumerable.Range(0, report.Classes.Count).Select(column => Cell(report, row.Index, column)))))));

    // Up to 60 % of the colour, so that the number stays readable.
    private static XElement Cell(ClassificationReport report, int actual, int predicted)
    {
        string shade = (0.6 * Share(report, actual, predicted)).ToString("0.##", CultureInfo.InvariantCulture);
        return new XElement("td", new XAttribute("style", $"background:rgb(var(--heat) / {shade})"), Html.Count(report.Count(actual, predicted)));
    }

    private static XElement Picture(ClassificationReport report)
    {
        int classes = report.Classes.Count;
        byte[] pixels = [.. from actual in Enumerable.Range(0, classes)
                            from predicted in Enumerable.Range(0, classes)
                            select (byte)(255 - Math.Round(255 * Share(report, actual, predicted)))];
        string alt = $"Confusion matrix of {classes} classes, rows the classes, columns what they were taken for; {Html.Share(report.Accuracy)} of the rows lie on the diagonal.";
        return Html.Figure(Html.Picture(ImageCodec.EncodePng(pixels, classes, classes), alt, "pixels"), "Confusion matrix: a row a class in the order of the table of classes, a column what it was taken for; black is all of the class's rows.");
    }

    private static double Share(ClassificationReport report, int actual, int predicted) =>
        report.Classes[actual].Rows is > 0 and int rows ? (double)report.Count(actual, predicted) / rows : 0;
}
