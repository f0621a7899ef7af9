using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Rows of classes that the model does not know are never left out in silence.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class UnknownClassTests(TrainedModel trained)
{
    private static readonly string Known = ColoredImages.Names[0];

    [Fact]
    public void EvaluateInDetail_AClassInAnotherCase_IsLeftOutAndNamed()
    {
        RowCoverage coverage = Evaluate(label => label == Known ? Known.ToUpperInvariant() : label).Coverage;

        UnknownClass unknown = Assert.Single(coverage.UnknownClasses);
        Assert.Equal((Known.ToUpperInvariant(), Known), (unknown.Name, unknown.Similar));
        Assert.Equal(trained.Rows.GetColumn<string>("Label").Count(label => label == Known), unknown.Rows);
        Assert.Equal((0, unknown.Rows), (coverage.Unlabeled, coverage.LeftOut));
        Assert.Equal(trained.Rows.GetColumn<string>("Label").Count(), coverage.Total);
    }

    [Fact]
    public void EvaluateInDetail_NoKnownClass_IsAnErrorAndNotZeroPercent()
    {
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Evaluate(_ => "zebra"));

        Assert.StartsWith("There is nothing to measure: 0 of ", error.Message, StringComparison.Ordinal);
        Assert.Contains("of unknown classes (zebra ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EvaluateInDetail_RowsWithoutLabel_AreNoUnknownClass()
    {
        RowCoverage coverage = Evaluate(label => label == Known ? "" : label).Coverage;

        Assert.Empty(coverage.UnknownClasses);
        Assert.True(coverage.Unlabeled > 0);
    }

    [Fact]
    public void EvaluateInDetail_ADecomposedName_IsTheSameClass()
    {
        MLContext ml = new(1);
        // The model learned the composed name, the test rows have what macOS gives.
        IDataView train = ml.Data.LoadFromEnumerable<ScoredRow>([new("caf\u00e9", [0.9f, 0.1f]), new("tea", [0.2f, 0.8f])]);
        IDataView test = ml.Data.LoadFromEnumerable<ScoredRow>([new("cafe\u0301", [0.9f, 0.1f]), new("tea", [0.2f, 0.8f]), new("tea", [0.9f, 0.1f])]);

        ClassificationReport report = ml.MulticlassClassification.EvaluateInDetail(ml.Transforms.Conversion.MapValueToKey("Label").Fit(train).Transform(test));

        Assert.Equal((3, 0), (report.Rows, report.Coverage.LeftOut));
        Assert.Equal(2.0 / 3, report.Accuracy, 12);
    }

    [Fact]
    public void CrossValidate_AClassMissingFromAFold_IsToldByItsCoverage()
    {
        MLContext ml = new(1);
        ScoredRow[] rows =
        [
            .. Enumerable
                .Range(0, 12)
                .Select(i => new ScoredRow(
                    i == 0 ? "rare"
                        : i % 2 == 0 ? "a"
                        : "b",
                    [0.5f, 0.3f]
                )),
        ];
        IDataView data = ml.Data.LoadFromEnumerable(rows);
        DataOperationsCatalog.TrainTestData[] folds = [.. ml.Data.CrossValidationSplit(data, 3, seed: 1)];

        DataOperationsCatalog.TrainTestData fold = folds.Single(fold => fold.TestSet.GetColumn<string>("Label").Contains("rare"));
        IDataView scored = ml.Transforms.Conversion.MapValueToKey("Label").Fit(fold.TrainSet).Transform(fold.TestSet);

        RowCoverage coverage = ml.MulticlassClassification.EvaluateInDetail(scored).Coverage;

        Assert.Equal(new UnknownClass("rare", 1, null), Assert.Single(coverage.UnknownClasses));
        Assert.Equal(fold.TestSet.GetColumn<string>("Label").Count(), coverage.Total);
    }

    [Fact]
    public void CrossValidate_OfSetsOfClasses_NamesTheLabelsThatWereLeftOut()
    {
        MLContext ml = new(1);
        ImageFileRow[] images = [.. ml.Data.CreateEnumerable<ImageFileRow>(trained.Rows, reuseRowObject: false)];
        IDataView rows = ml.Data.LoadFromEnumerable(
            images.Select((row, i) => new ImageFileRow { ImagePath = row.ImagePath, Label = i == 0 ? "red, rare" : row.Label }).ToArray()
        );
        PatchTrainingOptions options = new()
        {
            ImageColumnName = "ImagePath",
            Backbone = "cifar-resnet-8",
            Head = new VggPatchHead { HiddenUnits = 8 },
            ImageHeight = 12,
            ImageWidth = 12,
            Epochs = 1,
            SwitchEpoch = 0,
            Seed = 1,
        };

        RowCoverage[] folds =
        [
            .. ml.MultilabelClassification()
                .CrossValidate(rows, ml.MultilabelClassification().Trainers.PatchTraining(options), numberOfFolds: 2, seed: 1)
                .Select(fold => fold.Metrics.Coverage),
        ];

        UnknownClass unknown = Assert.Single(folds.SelectMany(coverage => coverage.UnknownClasses));
        Assert.Equal(("rare", 1), (unknown.Name, unknown.Rows));
        Assert.Equal(images.Length, folds.Sum(coverage => coverage.Total));
    }

    [Fact]
    public void Fit_ValidationRowsOfAnotherCase_AreNamedInTheWarning()
    {
        MLContext ml = new(1);
        List<string> warnings = [];
        ml.Log += (_, entry) => warnings.AddRange(entry.Kind == ChannelMessageKind.Warning ? [entry.RawMessage] : []);

        Tiny.Pipeline(ml, Tiny.Options with { Epochs = 1, ValidationSet = Relabeled(label => label == Known ? Known.ToUpperInvariant() : label) })
            .Fit(trained.Rows);

        Assert.Contains(warnings, text => text.Contains($"Unknown: '{Known.ToUpperInvariant()}' (there is a class '{Known}').", StringComparison.Ordinal));
    }

    [Fact]
    public void WithUnreadableImages_Skip_GivesNoClassAndScoresTheOthers()
    {
        using TemporaryFolder folder = new();
        string[] paths = [.. trained.Rows.GetColumn<string>("ImagePath").Take(2)];
        ImageFileRow[] rows = [new() { ImagePath = paths[0] }, new() { ImagePath = folder.Write("bad.png", "no image") }, new() { ImagePath = paths[1] }];

        IDataView scored = trained
            .Context.Model.WithUnreadableImages(trained.Model, UnreadableImageBehavior.Skip)
            .Transform(trained.Context.Data.LoadFromEnumerable(rows));

        Assert.Equal([false, true, false], scored.GetColumn<float[]>("Score").Select(score => float.IsNaN(score[0])));
        Assert.Equal(0u, scored.GetColumn<uint>("PredictedLabel").ElementAt(1));
    }

    [Fact]
    public void WithMaxPixels_LargerImage_IsRefusedAndTheOthersAreScored()
    {
        using TemporaryFolder folder = new();
        string small = trained.Rows.GetColumn<string>("ImagePath").First();
        string large = folder.Write("large.png", ImageCodec.EncodePng(new byte[30 * 40], 40, 30));
        IDataView rows = trained.Context.Data.LoadFromEnumerable<ImageFileRow>([new() { ImagePath = small }, new() { ImagePath = large }]);
        ITransformer limited = trained.Context.Model.WithMaxPixels(trained.Model, 1199);

        Exception refused = Assert.ThrowsAny<Exception>(() => limited.Transform(rows).GetColumn<float[]>("Score").ToArray());
        Assert.Contains("The image has 40x30 pixels, more than the limit of 1199 pixels.", refused.Message, StringComparison.Ordinal);
        ITransformer skipping = trained.Context.Model.WithUnreadableImages(limited, UnreadableImageBehavior.Skip);
        Assert.Equal([false, true], skipping.Transform(rows).GetColumn<float[]>("Score").Select(score => float.IsNaN(score[0])));
        Assert.All(trained.Model.Transform(rows).GetColumn<float[]>("Score"), score => Assert.False(float.IsNaN(score[0])));
    }

    [Fact]
    public void EvaluateInDetail_UnreadableImagesOfASkippingModel_AreCounted()
    {
        using TemporaryFolder folder = new();
        string[] paths = [.. trained.Rows.GetColumn<string>("ImagePath")];
        string[] labels = [.. trained.Rows.GetColumn<string>("Label")];
        ImageFileRow[] rows = [new() { ImagePath = folder.Write("bad.png", "no image"), Label = labels[0] }, new() { ImagePath = paths[1], Label = labels[1] }];
        ITransformer skipping = trained.Context.Model.WithUnreadableImages(trained.Model, UnreadableImageBehavior.Skip);

        ClassificationReport report = trained.Context.MulticlassClassification.EvaluateInDetail(
            skipping.Transform(trained.Context.Data.LoadFromEnumerable(rows))
        );

        Assert.Equal("1 of 2 rows measured; left out: 1 unreadable", report.Coverage.ToString());
    }

    private ClassificationReport Evaluate(Func<string, string> rename) =>
        trained.Context.MulticlassClassification.EvaluateInDetail(trained.Model.Transform(Relabeled(rename)));

    private IDataView Relabeled(Func<string, string> rename) =>
        trained.Context.Data.LoadFromEnumerable(
            trained
                .Rows.GetColumn<string>("ImagePath")
                .Zip(trained.Rows.GetColumn<string>("Label"), (path, label) => new ImageFileRow { ImagePath = path, Label = rename(label) })
                .ToArray()
        );

    private sealed class ScoredRow(string label, float[] score)
    {
        public string Label { get; set; } = label;

        [VectorType(2)]
        public float[] Score { get; set; } = score;
    }
}
