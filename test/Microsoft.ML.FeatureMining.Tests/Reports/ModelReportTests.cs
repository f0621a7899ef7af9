using System.Xml.Linq;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Reports;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Reports;

/// <summary>EvaluateInDetail, explanations and reports through the ML.NET API.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class ModelReportTests(TrainedModel trained)
{
    [Fact]
    public void EvaluateInDetail_ScoredRows_AgreesWithMlNet()
    {
        IDataView scored = trained.Model.Transform(trained.Rows);
        MulticlassClassificationMetrics expected = trained.Context.MulticlassClassification.Evaluate(scored);

        ClassificationReport report = trained.Context.MulticlassClassification.EvaluateInDetail(scored);

        Assert.Equal(expected.MicroAccuracy, report.Accuracy, 9);
        Assert.Equal(expected.MacroAccuracy, report.MacroRecall, 9);
        Assert.Equal(expected.LogLoss, report.LogLoss, 5);
        Assert.Equal(
            expected.ConfusionMatrix.Counts.SelectMany(row => row),
            from actual in Enumerable.Range(0, 3)
            from predicted in Enumerable.Range(0, 3)
            select (double)report.Count(actual, predicted)
        );
        Assert.Equal(ColoredImages.Names, report.Classes.Select(entry => entry.Name));
        string[] paths = [.. trained.Rows.GetColumn<string>("ImagePath")];
        Assert.All(report.Worst, image => Assert.Equal(paths[image.Row], image.File));
    }

    [Fact]
    public void EvaluateInDetail_WithoutItsColumns_NamesTheMissingColumn()
    {
        MulticlassClassificationCatalog catalog = trained.Context.MulticlassClassification;
        IDataView scored = trained.Model.Transform(trained.Rows);

        Assert.Contains(
            "'Truth'",
            Assert.Throws<ArgumentOutOfRangeException>(() => catalog.EvaluateInDetail(scored, labelColumnName: "Truth")).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "'Scores'",
            Assert.Throws<ArgumentOutOfRangeException>(() => catalog.EvaluateInDetail(scored, scoreColumnName: "Scores")).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Vector<Single, 3>",
            Assert.Throws<ArgumentOutOfRangeException>(() => catalog.EvaluateInDetail(scored, scoreColumnName: "Image")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Explain_Rows_AgreesWithTheScores()
    {
        using ImageExplainer explainer = trained.Context.Model.CreateImageExplainer(trained.Model);
        float[][] scores = trained.Scores(trained.Model);

        (long Row, string? File, ImageExplanation Explanation)[] all = [.. explainer.Explain(trained.Rows)];
        (long Row, string? File, ImageExplanation Explanation)[] some = [.. explainer.Explain(trained.Model.Transform(trained.Rows), images: 4)];

        Assert.Equal(ColoredImages.Names, explainer.ClassNames);
        Assert.Equal(Enumerable.Range(0, scores.Length).Select(row => (long)row), all.Select(entry => entry.Row));
        Assert.All(all, entry => TensorAssert.CloseValues(scores[entry.Row], entry.Explanation.Probabilities, 1e-4, "scores"));
        Assert.Equal([0L, 9, 18, 27], some.Select(entry => entry.Row));
        ImageExplanation one = explainer.Explain(File.ReadAllBytes(all[5].File!));
        Assert.Equal(all[5].Explanation.Probabilities, one.Probabilities);
        Assert.Equal(all[5].Explanation.MainMap.Values, one.MainMap.Values);
        DecodedImage grid = ImageCodec.Decode(ExplanationGrid.FromImages(some.Select(entry => entry.Explanation), side: 20));
        Assert.Equal((5 * 24 - 4, 4 * (24 + 28) - 4), (grid.Width, grid.Height));
        DecodedImage models = ImageCodec.Decode(ExplanationGrid.FromModels([(null, [one, one]), (explainer.FixedMaskMap, [one, one])], side: 20));
        Assert.Equal((2 * 24 - 4, 24 + 2 * (24 + 14) - 4), (models.Width, models.Height));
        DecodedImage parts = ImageCodec.Decode(ExplanationGrid.FromModels([(null, [one, one]), (new HeatMap(1, 1, [1]), [one, one])], side: 20));
        Assert.Equal((3 * 24 - 4, 24 + 2 * (24 + 14) - 4), (parts.Width, parts.Height));
    }

    [Fact]
    public void Explain_ASplitAndShareModel_HasAMapOfEachSplit()
    {
        SsmOptions options = new()
        {
            Backbone = "cifar-resnet-8",
            ImageHeight = 12,
            ImageWidth = 12,
            Epochs = 1,
            BatchSize = 12,
            Head = new SplitAndShareHead { Splits = 3 },
            Seed = 1,
        };
        using ImageClassificationTransformer model = trained.Context.MulticlassClassification.Trainers.Ssm(options).Fit(trained.Loaded);
        using ImageExplainer explainer = trained.Context.Model.CreateImageExplainer(model);

        ImageExplanation explanation = explainer.Explain(trained.Loaded, images: 1, target: 2).Single().Explanation;

        Assert.Equal(2, explanation.Class);
        Assert.Equal(3, explanation.SplitMaps.Count);
        Assert.All(explanation.SplitMaps, map => Assert.Equal((explanation.StageMaps[^1].Height, explanation.StageMaps[^1].Width), (map.Height, map.Width)));
        Assert.Null(explanation.ClassMap);
        Assert.Same(explanation.StageMaps[^1], explanation.MainMap);
    }

    [Fact]
    public void FixedMaskMap_OfANetworkWithAFixedMask_IsItsHalf()
    {
        FeatureMiningOptions options = Tiny.Options with { Epochs = 1, Stages = 0, Strategies = [new FixedMask { Kept = FeatureMapHalf.Lower }] };
        using ImageClassificationTransformer model = trained.Context.MulticlassClassification.Trainers.FeatureMining(options).Fit(trained.Loaded);
        using ImageExplainer explainer = trained.Context.Model.CreateImageExplainer(model);
        using ImageExplainer other = trained.Context.Model.CreateImageExplainer(trained.Model);

        HeatMap part = explainer.FixedMaskMap!;
        Assert.Equal(Enumerable.Range(0, part.Height * part.Width).Select(i => 2 * (i / part.Width) >= part.Height ? 1f : 0f), part.Values);
        Assert.Null(other.FixedMaskMap);
    }

    [Fact]
    public void SaveReport_LabeledRows_HasEveryPart()
    {
        using TemporaryFolder folder = new();

        trained.Context.Model.SaveReport(
            trained.Model,
            trained.Rows,
            folder["report.html"],
            new ModelReportOptions
            {
                Worst = 5,
                Images = 3,
                Activations = 6,
            }
        );

        XElement root = PageAssert.Sound(File.ReadAllText(folder["report.html"]));
        Assert.Equal(
            ["summary", "curves", "confusion", "classes", "calibration", "worst", "images", "activations"],
            root.Descendants("section").Attributes("id").Select(id => id.Value)
        );
        Assert.Equal(2 * 5, Section(root, "worst").Descendants("img").Count());
        Assert.Equal(3 * 5, Section(root, "images").Descendants("img").Count());
        Assert.Equal(Tiny.Options.Epochs, Section(root, "curves").Descendants("tbody").Elements("tr").Count());
        Assert.Equal(["report.html"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Explain_AnEnsemble_IsTheWeightedMeanOfItsNetworksMaps()
    {
        ITransformer larger = Larger();
        ITransformer ensemble = trained.Context.MulticlassClassification.Ensemble([trained.Model, larger], [3, 1]);
        using ImageExplainer explainer = trained.Context.Model.CreateImageExplainer(ensemble);
        using ImageExplainer first = trained.Context.Model.CreateImageExplainer(trained.Model);
        using ImageExplainer second = trained.Context.Model.CreateImageExplainer(larger);
        float[][] scores = [.. ensemble.Transform(trained.Rows).GetColumn<float[]>("Score")];

        (long Row, string? File, ImageExplanation Explanation)[] all = [.. explainer.Explain(trained.Rows)];

        Assert.All(all, entry => TensorAssert.CloseValues(scores[entry.Row], entry.Explanation.Probabilities, 1e-4, "scores"));
        // If the networks disagree, the maps of both are for the class that the ensemble predicts.
        Assert.Contains(all, entry => entry.Explanation.Members[1].Probabilities[entry.Explanation.Class] < entry.Explanation.Members[1].Probabilities.Max());
        Assert.All(all, entry => Assert.Equal(Array.IndexOf(scores[entry.Row], scores[entry.Row].Max()), entry.Explanation.Class));
        foreach ((long row, string? file, ImageExplanation explanation) in all.Take(3))
        {
            HeatMap[] alone = [.. new[] { first, second }.Select(network => network.Explain(File.ReadAllBytes(file!), explanation.Class).MainMap)];
            Assert.All(alone.Zip(explanation.Members), pair => Assert.Equal(pair.First.Values, pair.Second.MainMap.Values));
            (int height, int width) = (alone.Max(map => map.Height), alone.Max(map => map.Width));
            IReadOnlyList<float>[] normal = [.. alone.Select(map => map.Normalize().Resize(height, width).Values)];
            TensorAssert.CloseValues([.. normal[0].Zip(normal[1], (a, b) => (0.75f * a) + (0.25f * b))], explanation.MainMap.Values, 1e-5, "map");
            Assert.Empty(explanation.StageMaps);
            Assert.Equal(explanation.MainMap.Values, explainer.Explain(File.ReadAllBytes(file!)).MainMap.Values);
        }
        Assert.Equal(6, explainer.Activations(trained.Rows, images: 4).Count);
    }

    [Fact]
    public void SaveReport_AnEnsemble_ShowsEachNetwork()
    {
        using TemporaryFolder folder = new();
        ITransformer ensemble = trained.Context.MulticlassClassification.Ensemble([trained.Model, Larger()], [3, 1]);

        trained.Context.Model.SaveReport(
            ensemble,
            trained.Rows,
            folder["report.html"],
            new ModelReportOptions
            {
                Worst = 2,
                Images = 3,
                Activations = 6,
            }
        );

        XElement root = PageAssert.Sound(File.ReadAllText(folder["report.html"]));
        Assert.Equal(
            ["summary", "curves-1", "curves-2", "confusion", "classes", "calibration", "worst", "images", "activations"],
            root.Descendants("section").Attributes("id").Select(id => id.Value)
        );
        // The image, the mean map, and one map per network.
        Assert.Equal(3 * 4, Section(root, "images").Descendants("img").Count());
        Assert.Contains("wrn-10-1, 3x16x20, 25.0 %", Section(root, "summary").Descendants("dd").Select(value => value.Value));
    }

    [Fact]
    public void SaveReport_WithAnotherModel_ComparesTheActivationsOfEachStage()
    {
        using TemporaryFolder folder = new();

        trained.Context.Model.SaveReport(
            trained.Model,
            trained.Rows,
            folder["report.html"],
            new ModelReportOptions
            {
                Worst = 2,
                Images = 2,
                Activations = 4,
                Name = "mined",
                Compared = [new("plain", Larger())],
            }
        );

        XElement activations = Section(PageAssert.Sound(File.ReadAllText(folder["report.html"])), "activations");
        Assert.Equal(3, activations.Descendants("figure").Count());
        Assert.All(
            activations.Descendants("figure"),
            figure => Assert.All(["mined", "plain"], name => Assert.Contains(name, figure.Value, StringComparison.Ordinal))
        );
        Assert.Equal(
            ["mined", "mined", "mined", "plain", "plain", "plain"],
            activations.Descendants("tbody").Elements("tr").Select(row => row.Elements().First().Value)
        );
    }

    [Fact]
    public void SaveReport_WithAnotherModel_ComparesTheAccuracy()
    {
        using TemporaryFolder folder = new();
        trained.Context.Model.SaveReport(
            trained.Model,
            trained.Rows,
            folder["report.html"],
            new ModelReportOptions
            {
                Images = 2,
                Worst = 2,
                Compared = [new("the same", trained.Model)],
            }
        );

        XElement section = Section(PageAssert.Sound(File.ReadAllText(folder["report.html"])), "comparison");
        string[][] rows = [.. section.Descendants("tbody").Descendants("tr").Select(row => row.Elements().Select(cell => cell.Value).ToArray())];
        Assert.Equal(["this model", "the same"], rows.Select(row => row[0]));
        Assert.Equal(rows[0][1..3], rows[1][1..3]);
        Assert.Equal(["0.0 %", "0", "0", "1.000"], rows[1][3..]);
    }

    [Fact]
    public void SaveReport_RightAndWrongAnswers_AreMarkedAndDifferInColor()
    {
        using TemporaryFolder folder = new();
        trained.Context.Model.SaveReport(trained.Model, trained.Rows, folder["report.html"], new ModelReportOptions { Images = 4, Worst = 4 });

        string page = File.ReadAllText(folder["report.html"]);
        XElement html = PageAssert.Sound(page);
        XElement[] rows =
        [
            .. html.Descendants("table").Single(table => ((string?)table.Attribute("class"))?.StartsWith("matrix") == true).Descendants("tbody").Elements("tr"),
        ];
        for (int row = 0; row < rows.Length; row++)
        {
            XElement[] cells = [.. rows[row].Elements("td")];
            for (int column = 0; column < cells.Length; column++)
            {
                Assert.Contains(row == column ? "var(--right)" : "var(--wrong)", (string)cells[column].Attribute("style")!, StringComparison.Ordinal);
            }
        }

        Assert.Equal(4, html.Descendants("h3").Count(heading => heading.Value.EndsWith("✓ right") || heading.Value.EndsWith("✗ wrong")));
        Assert.Contains("tbody th { font-weight: 500; white-space: nowrap; }", page, StringComparison.Ordinal);
    }

    [Fact]
    public void SaveReport_ImagesOfSeveralClasses_HasTheConfusionOfEachClass()
    {
        using TemporaryFolder folder = new();
        PatchTrainingOptions options = new()
        {
            Backbone = "cifar-resnet-8",
            ImageHeight = 12,
            ImageWidth = 12,
            Epochs = 1,
            SwitchEpoch = 0,
            Head = new VggPatchHead { HiddenUnits = 8 },
            BatchSize = 12,
            Augmentations = [],
            Seed = 1,
        };
        MLContext ml = trained.Context;
        ITransformer model = ml
            .Transforms.LoadRawImageBytes("Image", null, "ImagePath")
            .Append(ml.MultilabelClassification().Trainers.PatchTraining(options))
            .Fit(trained.Rows);
        MultilabelClassificationMetrics expected = ml.MultilabelClassification().Evaluate(model.Transform(trained.Rows));

        ml.Model.SaveReport(
            model,
            trained.Rows,
            folder["report.html"],
            new ModelReportOptions
            {
                Images = 2,
                Activations = 4,
                Worst = 5,
            }
        );
        ml.Model.SaveReport(model, Unlabeled(), folder["unlabeled.html"], new ModelReportOptions { Images = 2, Activations = 4 });

        XElement root = PageAssert.Sound(File.ReadAllText(folder["report.html"]));
        Assert.Equal(["summary", "curves", "classes", "worst", "images", "activations"], root.Descendants("section").Attributes("id").Select(id => id.Value));
        string[][] table = [.. Section(root, "classes").Descendants("tbody").Elements("tr").Select(row => row.Elements().Select(cell => cell.Value).ToArray())];
        Assert.Equal([.. ColoredImages.Names, "all classes", "Mean (macro)"], table.Select(row => row[0]));
        Assert.Equal(
            expected.Classes.Select(entry =>
                (string[])[.. new[] { entry.TruePositives, entry.FalseNegatives, entry.FalsePositives, entry.TrueNegatives }.Select(count => $"{count}")]
            ),
            table.Take(3).Select(row => row[1..5])
        );
        Assert.Equal(
            expected.Classes.Select(entry => entry.AveragePrecision!.Value.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture)),
            table.Take(3).Select(row => row[8])
        );
        // The class with the largest binary cross entropy of each row; the largest loss first.
        string[] labels = [.. trained.Rows.GetColumn<string>("Label")];
        IEnumerable<string> worst = model
            .Transform(trained.Rows)
            .GetColumn<float[]>("Score")
            .Select(
                (scores, row) =>
                    scores
                        .Select(
                            (score, k) =>
                                (Has: labels[row] == ColoredImages.Names[k], k, Loss: -Math.Log(labels[row] == ColoredImages.Names[k] ? score : 1 - score))
                        )
                        .MaxBy(entry => entry.Loss)
            )
            .OrderByDescending(entry => entry.Loss)
            .Take(5)
            .Select(entry => $"{(entry.Has ? "has" : "has no")} {ColoredImages.Names[entry.k]}");
        Assert.Equal(worst, Section(root, "worst").Descendants("strong").Select(verdict => verdict.Value));
        XElement other = PageAssert.Sound(File.ReadAllText(folder["unlabeled.html"]));
        Assert.Equal(["summary", "curves", "images", "activations"], other.Descendants("section").Attributes("id").Select(id => id.Value));
    }

    [Fact]
    public void SaveReport_RowsWithoutLabels_ShowsOnlyTheImages()
    {
        using TemporaryFolder folder = new();

        trained.Context.Model.SaveReport(trained.Model, Unlabeled(), folder["report.html"]);

        XElement root = PageAssert.Sound(File.ReadAllText(folder["report.html"]));
        Assert.Equal(["summary", "curves", "images", "activations"], root.Descendants("section").Attributes("id").Select(id => id.Value));
    }

    [Fact]
    public void SaveReport_UnreadableImages_AreCountedWhateverTheModelDoesWithThem()
    {
        using TemporaryFolder folder = new();
        string broken = folder.Write("broken.png", "no picture");
        IDataView rows = trained.Context.Data.LoadFromEnumerable(
            trained
                .Rows.GetColumn<string>("ImagePath")
                .Zip(trained.Rows.GetColumn<string>("Label"))
                .Select((row, i) => new ImageFileRow { ImagePath = i % 9 == 4 ? broken : row.First, Label = row.Second })
                .ToArray()
        );
        ITransformer ensemble = trained.Context.MulticlassClassification.Ensemble([trained.Model, trained.Model]);

        foreach (ITransformer model in (ITransformer[])[trained.Model, ensemble])
        {
            trained.Context.Model.SaveReport(
                model,
                rows,
                folder["report.html"],
                new ModelReportOptions
                {
                    Worst = 2,
                    Images = 2,
                    Activations = 4,
                }
            );

            XElement summary = Section(PageAssert.Sound(File.ReadAllText(folder["report.html"])), "summary");
            Assert.Contains("Unreadable4", summary.Descendants("div").Select(fact => fact.Value));
        }
        Assert.ThrowsAny<Exception>(() => trained.Model.Transform(rows).GetColumn<float[]>("Score").ToArray());
    }

    [Fact]
    public void SaveReport_InvalidNumbers_AreRejected()
    {
        ModelReportOptions[] nonsense = [new() { Worst = -1 }, new() { Images = -1 }, new() { Activations = 0 }];

        Assert.All(
            nonsense,
            options => Assert.Throws<ArgumentOutOfRangeException>(() => trained.Context.Model.SaveReport(trained.Model, trained.Rows, "never.html", options))
        );
    }

    private IDataView Unlabeled() =>
        trained.Context.Data.LoadFromEnumerable(
            trained.Rows.GetColumn<string>("ImagePath").Select(path => new ImageFileRow { ImagePath = path, Label = "" }).ToArray()
        );

    // Another network, and images with another size and shape.
    private TransformerChain<ImageClassificationTransformer> Larger() =>
        Tiny.Pipeline(trained.Context, Tiny.Options with { Backbone = "wrn-10-1", ImageHeight = 16, ImageWidth = 20, Resize = ResizeRule.Squash, Epochs = 1 })
            .Fit(trained.Rows);

    private static XElement Section(XElement root, string id) => root.Descendants("section").Single(section => (string?)section.Attribute("id") == id);
}
