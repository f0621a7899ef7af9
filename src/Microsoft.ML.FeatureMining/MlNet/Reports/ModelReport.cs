using System.Xml.Linq;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Reports;

namespace Microsoft.ML.FeatureMining.MlNet.Reports;

/// <summary>The HTML report on a model and some rows.</summary>
internal sealed class ModelReport(
    ImageExplainer explainer,
    ModelReportOptions options,
    IReadOnlyList<(string Name, IReadOnlyList<StageActivations> Stages)> compared,
    IReadOnlyList<(string Name, IReadOnlyDictionary<long, bool> Hits)> comparedHits
)
{
    // The probability threshold of PredictedLabel.
    private const double Threshold = 0.5;

    private IReadOnlyList<ImageClassificationTransformer> Networks => explainer.Networks;

    private ImageClassificationTransformer First => Networks[0];

    public void Write(IDataView scored, Stream stream)
    {
        (IEnumerable<(string, string)> facts, IEnumerable<ReportSection> measured) = Measure(scored);
        List<ReportSection> sections = [new ReportSection("summary", "Summary", Html.Facts([.. Facts(), .. facts])), .. Curves(), .. measured];
        IReadOnlyDictionary<long, bool> hits = ScoredRowReader.Hits(scored, options.LabelColumnName, First.Settings.ScoreColumnName);
        if (comparedHits.Count > 0 && hits.Count > 0)
        {
            sections.Add(EvaluationSections.Comparison([(options.Name, hits), .. comparedHits]));
        }

        sections.Add(new ReportSection("images", "Where the network looks", [Html.Paragraph(HowToRead), .. Maps(scored, hits)]));
        (string Name, IReadOnlyList<StageActivations> Stages)[] activations =
        [
            .. explainer.ActivationsOfEach(scored, options.Activations).Select((stages, i) => (NameOf(i), stages)),
            .. compared,
        ];
        if (activations[0].Stages[0].Images > 0)
        {
            sections.Add(ExplanationSections.Activations(activations));
        }

        HtmlPage.Write(stream, options.Title ?? $"Report: {string.Join(" + ", Networks.Select(network => network.Model.Backbone))}", sections);
    }

    private string HowToRead =>
        "Red regions speak for the most probable class, blue regions do not. CAM weights the features of the last stage by the classifier (Zhou et al. 2016). "
        + "Grad-CAM weights the features of a stage by the gradient of the class score (Selvaraju et al. 2017); "
        + "early stages respond to edges, late stages to objects."
        + (Networks.Count > 1 ? " The map of the ensemble is the mean of the networks' maps, weighted as in the score." : "");

    // Rows without a label, or with a class that the model does not know, are not measured.
    private (IEnumerable<(string, string)> Facts, IEnumerable<ReportSection> Sections) Measure(IDataView scored)
    {
        DataViewType? label = scored.Schema.GetColumnOrNull(options.LabelColumnName)?.Type;
        string score = First.Settings.ScoreColumnName;
        if (First.Model.Saved.Manifest.IsMultilabel)
        {
            WorstLabels errors = new(options.Worst);
            MultilabelClassificationMetrics? metrics =
                label is not null && LabelSetColumn.IsSet(label)
                    ? MultilabelEvaluation.Of(scored, options.LabelColumnName, score, Threshold, errors.Add)
                    : null;
            return metrics?.Classes.Any(entry => entry.TruePositives + entry.FalseNegatives > 0) == true
                ? (MultilabelSections.Facts(metrics), [MultilabelSections.Classes(metrics), Worst(errors.Read(), scored)])
                : ([], []);
        }
        ClassificationReport? report = label is KeyDataViewType ? ScoredRowReader.Read(scored, options.LabelColumnName, score, options.Worst) : null;
        return report is { Rows: > 0 }
            ? (
                EvaluationSections.Facts(report),
                [EvaluationSections.Confusion(report), EvaluationSections.Classes(report), EvaluationSections.Calibration(report), Worst(report, scored)]
            )
            : (report?.Coverage.UnknownClasses.Count > 0 ? [("Rows", report.Coverage.ToString())] : [], []);
    }

    private IEnumerable<(string, string)> Facts() =>
        Networks.Count == 1
            ?
            [
                ("Network", First.Model.Backbone),
                ("Input", First.Model.Input.ToString()),
                ("Classes", Html.Count(First.Model.ClassCount)),
                ("Weights of epoch", Html.Count(First.Model.Epoch)),
                ("Training", First.Model.End.ToString()),
                .. First.Model.Temperature == 1 ? [] : new[] { ("Temperature", Html.Number(First.Model.Temperature)) },
            ]
            :
            [
                .. Networks.Select(
                    (network, i) => ($"Network {i + 1}", $"{network.Model.Backbone}, {network.Model.Input}, {Html.Percent(explainer.Explainer.Shares[i])}")
                ),
                ("Classes", Html.Count(First.Model.ClassCount)),
            ];

    private IEnumerable<ReportSection> Curves() =>
        Networks
            .Index()
            .Where(entry => entry.Item.Model.History.Count > 0)
            .Select(entry => EvaluationSections.Curves(entry.Item.Model.History, Networks.Count == 1 ? null : entry.Index + 1));

    private string NameOf(int network) =>
        Networks.Count > 1 ? $"network {network + 1}"
        : compared.Count > 0 ? options.Name
        : Networks[0].Model.Backbone;

    private ReportSection Worst(ClassificationReport report, IDataView scored) =>
        Worst(
            "The rows with the highest loss: confident errors of the network. "
                + "The map beside each image shows the regions that speak for the predicted class.",
            scored,
            report.Worst.Select(image =>
            {
                (string actual, string predicted) = (explainer.ClassNames[image.Actual], explainer.ClassNames[image.Predicted]);
                string verdict = image.Actual == image.Predicted ? $"{actual}, correct" : $"{actual}, predicted as {predicted}";
                return (
                    image.Row,
                    image.Predicted,
                    image.Actual == image.Predicted,
                    verdict,
                    $"probability {Html.Percent(image.Probability)}; loss {Html.Number(image.Loss, "0.00")}"
                );
            })
        );

    private ReportSection Worst(IReadOnlyList<LabelError> errors, IDataView scored) =>
        Worst(
            "The highest losses, each for one class of one row: confident errors of the network. "
                + "The map beside each image shows the regions that speak for the class.",
            scored,
            errors.Select(error =>
                (
                    error.Row,
                    error.Class,
                    error.Has == error.Probability >= Threshold,
                    $"{(error.Has ? "has" : "has no")} {explainer.ClassNames[error.Class]}",
                    $"probability {Html.Percent(error.Probability)}; " + $"loss {Html.Number(error.Loss, "0.00")}"
                )
            )
        );

    private ReportSection Worst(string what, IDataView scored, IEnumerable<(long Row, int Class, bool IsRight, string Verdict, string Numbers)> worst)
    {
        Dictionary<long, ReadImage> images = ImageRows.Read(scored, Networks, worst.Select(image => image.Row).ToHashSet()).ToDictionary(image => image.Row);
        XElement cards = new(
            "div",
            new XAttribute("class", "cards"),
            worst
                .Where(image => images.ContainsKey(image.Row))
                .Select(image =>
                {
                    ReadImage read = images[image.Row];
                    return ExplanationSections.Card(
                        explainer.Explainer.Explain(read.Pixels, image.Class, read.Views()),
                        $"{image.Verdict}: {Name(image.Row, read.File)}",
                        Html.Verdict(image.IsRight, image.Verdict),
                        new XElement("br"),
                        image.Numbers,
                        new XElement("br"),
                        read.File is null ? $"row {image.Row}" : Path.GetFileName(read.File)
                    );
                })
        );
        return new ReportSection("worst", "Worst images", Html.Paragraph(what), cards);
    }

    private IEnumerable<XElement> Maps(IDataView scored, IReadOnlyDictionary<long, bool> hits)
    {
        foreach ((long row, string? file, ImageExplanation explanation) in explainer.Explain(scored, options.Images))
        {
            string className = explainer.ClassNames[explanation.Class];
            yield return ExplanationSections.Maps(
                explanation,
                $"{Name(row, file)}: {className}, {Html.Percent(explanation.Probabilities[explanation.Class])}",
                className,
                hits.TryGetValue(row, out bool isRight) ? isRight : null
            );
        }
    }

    // Includes the parent folder, because file names may repeat across folders.
    private static string Name(long row, string? file) =>
        file is null ? $"row {row}" : Path.Combine(Path.GetFileName(Path.GetDirectoryName(file)) ?? "", Path.GetFileName(file));
}

/// <summary>The settings of a model report.</summary>
public sealed record ModelReportOptions
{
    /// <summary>The title.</summary>
    /// <value>null: "Report:" and the name of the network.</value>
    public string? Title { get; init; }

    /// <summary>The label column in the output of the model: a key or, for a multi-label model, a set of classes.</summary>
    /// <value>Label.</value>
    public string LabelColumnName { get; init; } = "Label";

    /// <summary>The number of rows with the highest loss to show; at least 0.</summary>
    /// <value>24.</value>
    public int Worst { get; init; } = 24;

    /// <summary>The number of images to show with all their maps, evenly spaced over the rows; at least 0.</summary>
    /// <value>8.</value>
    public int Images { get; init; } = 8;

    /// <summary>The number of rows to measure activations on, evenly spaced over the rows; at least 1.</summary>
    /// <value>64, as in the paper.</value>
    public int Activations { get; init; } = 64;

    /// <summary>
    /// Other models, by name, to compare with: the report shows their activations on the same rows, stage by stage (Xie et al. 2021, arXiv version, Figure 4).
    /// </summary>
    /// <value>None.</value>
    public IReadOnlyList<KeyValuePair<string, ITransformer>> Compared { get; init; } = [];

    /// <summary>The name of the model in comparisons.</summary>
    /// <value>"this model".</value>
    public string Name { get; init; } = "this model";
}
