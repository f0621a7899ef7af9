using System.Xml.Linq;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Reports;

namespace Microsoft.ML.FeatureMining.MlNet.Explaining;

/// <summary>The HTML report on a model and some rows.</summary>
internal sealed class ModelReport(ImageExplainer explainer, ImageClassificationTransformer classifier, ModelReportOptions options)
{
    private ImageClassificationModel Model => classifier.Model;

    public void Write(IDataView scored, Stream stream)
    {
        ClassificationReport? report = scored.Schema.GetColumnOrNull(options.LabelColumnName)?.Type is KeyDataViewType
            ? ScoredRowReader.Read(scored, options.LabelColumnName, classifier.Settings.ScoreColumnName, options.Worst)
            : null;
        bool measured = report is { Rows: > 0 };
        List<ReportSection> sections = [new ReportSection("summary", "Summary", Html.Facts([.. ModelFacts(), .. measured ? EvaluationSections.Facts(report!) : []]))];
        if (Model.History.Count > 0)
            sections.Add(EvaluationSections.Curves(Model.History));
        if (measured)
            sections.AddRange([EvaluationSections.Confusion(report!), EvaluationSections.Classes(report!), EvaluationSections.Calibration(report!), Worst(report!, scored)]);
        sections.Add(new ReportSection("pictures", "Where the network looks", [Html.Paragraph(HowToRead), .. Pictures(scored)]));
        IReadOnlyList<StageActivations> activations = explainer.Activations(scored, options.Activations);
        if (activations[0].Images > 0)
            sections.Add(ExplanationSections.Activations(activations));
        HtmlPage.Write(stream, options.Title ?? $"Report: {Model.Backbone}", sections);
    }

    private string HowToRead => "Red is where the most probable class was found, blue is where it was not. CAM weighs the last stage by the classifier's weights (Zhou et al. 2016); "
        + "Grad-CAM weighs a stage by the gradient of the class's score (Selvaraju et al. 2017), the first stages seeing edges and the last ones objects.";

    private IEnumerable<(string, string)> ModelFacts() =>
    [
        ("Network", Model.Backbone),
        ("Input", Model.Input.ToString()),
        ("Classes", Html.Count(Model.ClassCount)),
        ("Weights of epoch", Html.Count(Model.Epoch)),
        ("Training", Model.End.ToString()),
    ];

    private ReportSection Worst(ClassificationReport report, IDataView scored)
    {
        Dictionary<long, byte[]> pixels = PictureRows.Read(scored, classifier, report.Worst.Select(image => image.Row).ToHashSet()).ToDictionary(picture => picture.Row, picture => picture.Pixels);
        XElement cards = new("div", new XAttribute("class", "cards"), report.Worst.Where(image => pixels.ContainsKey(image.Row)).Select(image =>
        {
            (string actual, string predicted) = (explainer.ClassNames[image.Actual], explainer.ClassNames[image.Predicted]);
            string verdict = image.Actual == image.Predicted ? $"{actual}, rightly" : $"{actual}, taken for {predicted}";
            return ExplanationSections.Card(
                explainer.Network.Explain(pixels[image.Row], image.Predicted), $"{verdict}: {Name(image.Row, image.File)}",
                new XElement("strong", verdict), new XElement("br"), $"{Html.Share(image.Probability)} sure; loss {Html.Number(image.Loss, "0.00")}", new XElement("br"), image.File is null ? $"row {image.Row}" : Path.GetFileName(image.File));
        }));
        return new ReportSection("worst", "Worst pictures", Html.Paragraph("The rows of the highest loss: what the network is wrong about and sure of. Below each picture, where it found what it took it for."), cards);
    }

    private IEnumerable<XElement> Pictures(IDataView scored)
    {
        foreach ((long row, string? file, ImageExplanation explanation) in explainer.Explain(scored, options.Pictures))
        {
            string className = explainer.ClassNames[explanation.Class];
            yield return ExplanationSections.Maps(explanation, $"{Name(row, file)}: {className}, {Html.Share(explanation.Probabilities[explanation.Class])}", className);
        }
    }

    // Folders of the same file names are told apart by the last of them.
    private static string Name(long row, string? file) => file is null ? $"row {row}" : Path.Combine(Path.GetFileName(Path.GetDirectoryName(file)) ?? "", Path.GetFileName(file));
}
