using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Ensembles of image classifiers.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class EnsembleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ensemble-tests-").FullName;
    private readonly TrainedModel _trained;
    private readonly ITransformer _larger;
    private readonly MLContext _ml;

    public EnsembleTests(TrainedModel trained)
    {
        (_trained, _ml) = (trained, trained.Context);
        // Another network with another input size: images must be preprocessed for each network.
        _larger = Tiny.Pipeline(
                _ml,
                Tiny.Options with
                {
                    Backbone = "wrn-10-1",
                    ImageHeight = 16,
                    ImageWidth = 20,
                    Resize = Microsoft.ML.FeatureMining.Imaging.ResizeRule.Squash,
                    Epochs = 1,
                }
            )
            .Fit(trained.Rows);
    }

    [Fact]
    public void Transform_WeightedModels_GivesTheWeightedMeanAndItsMostProbableClass()
    {
        ITransformer ensemble = _ml.MulticlassClassification.Ensemble([_trained.Model, _larger], [3, 1]);

        IDataView scored = ensemble.Transform(_trained.Rows);

        float[][] scores = [.. scored.GetColumn<float[]>("Score")];
        AssertClose(Mean(_trained.Scores(_trained.Model), _trained.Scores(_larger), 0.75f), scores);
        Assert.Equal(scores.Select(row => (uint)Array.IndexOf(row, row.Max()) + 1), scored.GetColumn<uint>("PredictedLabel"));
        Assert.Equal(
            _trained.Model.Transform(_trained.Rows).Schema.Select(column => $"{column.Name} {column.Type}"),
            scored.Schema.Select(column => $"{column.Name} {column.Type}")
        );
    }

    [Fact]
    public void Evaluate_Ensemble_ClassifiesAndKeepsTheClassNames()
    {
        MulticlassClassificationMetrics metrics = _ml.MulticlassClassification.Evaluate(
            _ml.MulticlassClassification.Ensemble([_trained.Model, _larger]).Transform(_trained.Rows)
        );

        Assert.InRange(metrics.MicroAccuracy, 0.9, 1);
        Assert.Contains("green", metrics.ConfusionMatrix.GetFormattedConfusionTable(), StringComparison.Ordinal);
    }

    [Fact]
    public void Ensemble_OneModel_ScoresBitIdentically() =>
        Assert.Equal(_trained.Scores(_trained.Model), _trained.Scores(_ml.MulticlassClassification.Ensemble([_trained.Model], [7])));

    [Fact]
    public void PredictionEngine_Ensemble_ScoresLikeTransform()
    {
        ITransformer ensemble = _ml.MulticlassClassification.Ensemble([_trained.Model, _larger], [1, 2]);
        string[] paths = [.. _trained.Rows.GetColumn<string>("ImagePath").Take(3)];
        float[][] expected = [.. _trained.Scores(ensemble).Take(3)];

        using PredictionEngine<ImageFileRow, ImagePrediction> engine = _ml.Model.CreatePredictionEngine<ImageFileRow, ImagePrediction>(
            ensemble,
            new PredictionEngineOptions { OwnsTransformer = false }
        );

        AssertClose(expected, [.. paths.Select(path => engine.Predict(new ImageFileRow { ImagePath = path, Label = "red" }).Score)]);
    }

    [Fact]
    public void SaveThenLoad_FreshProcess_GivesTheSameScores()
    {
        string path = Path.Combine(_folder, "ensemble.zip");
        ITransformer ensemble = _ml.MulticlassClassification.Ensemble(
            [_trained.Model, _ml.Model.WithTestTimeAugmentation(_larger, TestTimeAugmentation.TenCrop)],
            [3, 1]
        );
        _ml.Model.Save(ensemble, _trained.Rows.Schema, path);

        ITransformer loaded = new MLContext().Model.Load(path, out _);
        string[] lines = Programs.Run("FreshProcess", [path, .. _trained.Rows.GetColumn<string>("ImagePath").Take(4)]);

        Assert.Equal(_trained.Scores(ensemble), _trained.Scores(loaded));
        AssertClose(
            [.. _trained.Scores(ensemble).Take(4)],
            [.. lines.Select(line => line.Split(' ').Skip(1).Select(value => float.Parse(value, CultureInfo.InvariantCulture)).ToArray())]
        );
        ImageEnsembleTransformer members = Assert.IsType<ImageEnsembleTransformer>(((IEnumerable<ITransformer>)loaded).Last());
        Assert.Equal(["cifar-resnet-8", "wrn-10-1"], members.Members.Select(member => member.Backbone));
        Assert.Equal([3, 1], members.Weights);
        Assert.Equal([TestTimeAugmentation.None, TestTimeAugmentation.TenCrop], members.Members.Select(member => member.TestTimeAugmentation));
        using ZipArchive zip = ZipFile.OpenRead(path);
        Assert.Equal(2, zip.Entries.Count(entry => entry.Name == "weights.safetensors"));
    }

    [Fact]
    public void WithTestTimeAugmentation_Ensemble_AppliesToEachModel()
    {
        ITransformer ensemble = _ml.Model.WithTestTimeAugmentation(
            _ml.MulticlassClassification.Ensemble([_trained.Model, _larger], [1, 3]),
            TestTimeAugmentation.Flip
        );

        float[][] first = _trained.Scores(_ml.Model.WithTestTimeAugmentation(_trained.Model, TestTimeAugmentation.Flip));
        float[][] second = _trained.Scores(_ml.Model.WithTestTimeAugmentation(_larger, TestTimeAugmentation.Flip));
        AssertClose(Mean(first, second, 0.25f), _trained.Scores(ensemble));
    }

    [Fact]
    public void Ensemble_OtherClassesOrOrder_ThrowsWithTheFirstDifference()
    {
        IDataView sorted = _ml.Data.LoadFromEnumerable(_ml.Data.CreateEnumerable<ImageFileRow>(_trained.Rows, reuseRowObject: false).Skip(1).ToArray());
        ITransformer other = Tiny.Pipeline(_ml, Tiny.Options with { Epochs = 1 }).Fit(sorted);

        string message = Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.Ensemble([_trained.Model, other])).Message;

        Assert.Equal(
            "Model 2 cannot form an ensemble with model 1: its class 1 is 'green', that of model 1 is 'blue'. "
                + "Train all models with the same keys from MapValueToKey.",
            message
        );
    }

    [Fact]
    public void Ensemble_InvalidWeights_Throws()
    {
        Assert.Contains("2 models and 1 weights", Error([1]), StringComparison.Ordinal);
        Assert.Contains("above 0; they are 1, 0.", Error([1, 0]), StringComparison.Ordinal);
        Assert.Contains("NaN", Error([1, double.NaN]), StringComparison.Ordinal);
        Assert.Contains(
            "at least one model",
            Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.Ensemble([])).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "0 image classifiers",
            Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.Ensemble([_trained.Model.First()])).Message,
            StringComparison.Ordinal
        );

        string Error(double[] weights) =>
            Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.Ensemble([_trained.Model, _larger], weights)).Message;
    }

    [Fact]
    public void Transform_UnreadableImage_SkipsOnlyItsRow()
    {
        IDataView rows = _ml.Data.LoadFromEnumerable(
            new[]
            {
                new EncodedImage { Image = ColoredImages.Png(0, new Random(1)) },
                new EncodedImage { Image = [1, 2, 3] },
                new EncodedImage { Image = ColoredImages.Png(1, new Random(1)) },
            }
        );
        ITransformer[] skipping =
        [
            .. new[] { 12, 16 }.Select(side =>
                (ITransformer)
                    Tiny.Pipeline(
                            _ml,
                            Tiny.Options with
                            {
                                ImageHeight = side,
                                ImageWidth = side,
                                Epochs = 1,
                                OnUnreadableImage = UnreadableImageBehavior.Skip,
                            }
                        )
                        .Fit(_trained.Rows)
                        .LastTransformer
            ),
        ];

        IDataView scored = _ml.MulticlassClassification.Ensemble(skipping).Transform(rows);

        float[][] scores = [.. scored.GetColumn<float[]>("Score")];
        Assert.All(scores[1], value => Assert.True(float.IsNaN(value)));
        Assert.Equal(0u, scored.GetColumn<uint>("PredictedLabel").ElementAt(1));
        Assert.All(new[] { scores[0], scores[2] }, row => Assert.Equal(1, row.Sum(), 1e-5f));
    }

    public void Dispose()
    {
        (_larger as IDisposable)?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static float[][] Mean(float[][] first, float[][] second, float share) =>
        [.. first.Zip(second, (one, other) => one.Zip(other, (a, b) => (share * a) + ((1 - share) * b)).ToArray())];

    private static void AssertClose(float[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.All(pair.First.Zip(pair.Second), value => Assert.Equal(value.First, value.Second, 1e-5f)));
    }
}
