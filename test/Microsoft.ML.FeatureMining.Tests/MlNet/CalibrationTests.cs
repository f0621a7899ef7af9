using System.Text.Json.Nodes;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using Microsoft.ML.FeatureMining.Tests.Models;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary><c>mlContext.Model.Calibrate</c>.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class CalibrationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TrainedModel _trained;
    private readonly MLContext _ml;
    private readonly IDataView _rows;

    public CalibrationTests(TrainedModel trained)
    {
        (_trained, _ml) = (trained, trained.Context);
        // A third of the labels is wrong, so that there is a best temperature.
        _rows = Relabeled((row, i) => i % 3 == 0 ? ColoredImages.Names[(i / 3) % 3] : row.Label);
    }

    [Fact]
    public void Calibrate_Classifier_LowersTheCrossEntropyAndKeepsTheOrder()
    {
        ITransformer calibrated = _ml.Model.Calibrate(_trained.Model, _rows);

        ClassificationReport before = Report(_trained.Model),
            after = Report(calibrated);
        double temperature = _ml.Model.GetImageModel(calibrated).Temperature;
        Assert.True(after.LogLoss < before.LogLoss - 0.01, $"{before.LogLoss} {after.LogLoss}");
        Assert.Equal(before.Accuracy, after.Accuracy);
        Assert.NotEqual(1, temperature, 0.01);
        Assert.Equal(1, _ml.Model.GetImageModel(_trained.Model).Temperature);
        float[][] expected = [.. _trained.Scores(_trained.Model).Select(row => Softmax(row, temperature))];
        OnnxAssert.Close([.. expected.SelectMany(row => row)], [.. _trained.Scores(calibrated).SelectMany(row => row)], 1e-5);
    }

    [Fact]
    public void Explain_CalibratedModel_GivesItsProbabilities()
    {
        ITransformer calibrated = _ml.Model.Calibrate(_trained.Model, _rows);
        float[] expected = _trained.Scores(calibrated)[0];
        using ImageExplainer explainer = _ml.Model.CreateImageExplainer(calibrated);

        ImageExplanation explanation = explainer.Explain(File.ReadAllBytes(_rows.GetColumn<string>("ImagePath").First()));

        OnnxAssert.Close(expected, [.. explanation.Probabilities], 1e-5);
        Assert.NotEqual(_trained.Scores(_trained.Model)[0][0], explanation.Probabilities[0], 1e-3f);
    }

    [Fact]
    public void SaveReport_CalibratedModel_ShowsItsTemperature()
    {
        _ml.Model.SaveReport(_trained.Model, _rows, _folder["plain.html"]);
        _ml.Model.SaveReport(_ml.Model.Calibrate(_trained.Model, _rows), _rows, _folder["calibrated.html"]);

        Assert.DoesNotContain("Temperature", File.ReadAllText(_folder["plain.html"]), StringComparison.Ordinal);
        Assert.Contains("Temperature", File.ReadAllText(_folder["calibrated.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Calibrate_Twice_ChangesNothing()
    {
        ITransformer once = _ml.Model.Calibrate(_trained.Model, _rows);

        ITransformer twice = _ml.Model.Calibrate(once, _rows);

        double expected = _ml.Model.GetImageModel(once).Temperature;
        Assert.Equal(expected, _ml.Model.GetImageModel(twice).Temperature, 1e-5 * expected);
    }

    [Fact]
    public void SaveThenLoad_CalibratedModel_GivesTheSameScores()
    {
        ITransformer calibrated = _ml.Model.Calibrate(_trained.Model, _rows);
        _ml.Model.Save(calibrated, _rows.Schema, _folder["model.zip"]);

        ITransformer loaded = new MLContext().Model.Load(_folder["model.zip"], out _);
        _ml.Model.ExportImageModel(calibrated, _folder["exported"]);

        Assert.Equal(_trained.Scores(calibrated), _trained.Scores(loaded));
        Assert.Equal(_ml.Model.GetImageModel(calibrated).Temperature, _ml.Model.GetImageModel(loaded).Temperature);
        Assert.Equal(_ml.Model.GetImageModel(calibrated).Temperature, _ml.Model.LoadImageModel(_folder["exported"]).Model.Temperature);
    }

    [Fact]
    public void Load_ManifestWithoutATemperature_ScoresWithOne()
    {
        SavedModel saved = _trained.Transformer.Model.Saved;
        JsonObject manifest = JsonNode.Parse(saved.Manifest.ToJson())!.AsObject();
        Assert.True(manifest.Remove("temperature"));

        ModelManifest read = ModelManifest.FromJson(manifest.ToJsonString());

        Assert.Equal(1, read.Temperature);
        using ImageClassificationTransformer old = new(_trained.Transformer.Environment, new SavedModel(read, saved.Weights), _trained.Transformer.Settings);
        Assert.Equal(_trained.Scores(_trained.Model), [.. old.Transform(_trained.Loaded).GetColumn<float[]>("Score")]);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("\"NaN\"")]
    [InlineData("\"Infinity\"")]
    public void FromJson_TemperatureOutOfRange_IsDamaged(string value)
    {
        JsonObject manifest = JsonNode.Parse(_trained.Transformer.Model.Saved.Manifest.ToJson())!.AsObject();
        manifest["temperature"] = JsonNode.Parse(value);

        Assert.Throws<InvalidDataException>(() => ModelManifest.FromJson(manifest.ToJsonString()));
    }

    [Fact]
    public void Calibrate_EnsembleWithViews_LowersTheCrossEntropyOfItsScore()
    {
        ITransformer other = Tiny.Pipeline(_ml, Tiny.Options with { Backbone = "wrn-10-1", ImageHeight = 16, ImageWidth = 16, Epochs = 1 }).Fit(_trained.Rows);
        ITransformer flipped = _ml.Model.WithTestTimeAugmentation(_trained.Model, TestTimeAugmentation.Flip);
        ITransformer ensemble = _ml.MulticlassClassification.Ensemble([_ml.Model.Calibrate(flipped, _rows), other], [3, 1]);

        ITransformer calibrated = _ml.Model.Calibrate(ensemble, _rows);

        Assert.True(Report(calibrated).LogLoss < Report(ensemble).LogLoss - 0.001);
        double[] before = Temperatures(ensemble),
            after = Temperatures(calibrated);
        Assert.Equal(after[0] / before[0], after[1] / before[1], 1e-9);
        // The lowest: a little more or less is worse.
        Assert.All(
            new[] { 0.97, 1.03 },
            factor =>
            {
                ITransformer near = TransformerChains.ReplaceClassifiers(calibrated, one => one.WithTemperature(factor), all => all.WithTemperature(factor));
                Assert.True(Report(near).LogLoss > Report(calibrated).LogLoss);
            }
        );
    }

    [Fact]
    public void ExportOnnx_CalibratedEnsemble_ScoresLikeTransform()
    {
        ITransformer other = Tiny.Pipeline(_ml, Tiny.Options with { Backbone = "wrn-10-1", Epochs = 1 }).Fit(_trained.Rows);
        ITransformer calibrated = _ml.Model.Calibrate(_ml.MulticlassClassification.Ensemble([_trained.Model, other]), _rows);

        _ml.Model.ExportOnnx(calibrated, _folder["model.onnx"]);

        DecodedImage[] images = [.. _rows.GetColumn<string>("ImagePath").Select(path => ImageCodec.Decode(File.ReadAllBytes(path)))];
        using OnnxRun onnx = OnnxRun.Of(_folder["model.onnx"]);
        float[] scores = onnx.Score([.. images.SelectMany(image => image.Pixels)], images.Length, images[0].Height, images[0].Width, 3);
        OnnxAssert.Close([.. _trained.Scores(calibrated).SelectMany(row => row)], scores, 1e-5);
        Assert.NotEqual(_trained.Scores(_trained.Model)[0][0], scores[0], 1e-3f);
    }

    [Fact]
    public void Calibrate_MultilabelModel_LowersTheBinaryCrossEntropy()
    {
        PatchTrainingOptions options = new()
        {
            Backbone = "cifar-resnet-8",
            ImageHeight = 12,
            ImageWidth = 12,
            Epochs = 12,
            SwitchEpoch = 4,
            PatchSet = _trained.Rows,
            Head = new VggPatchHead { HiddenUnits = 32 },
            LearningRate = 0.03,
            BatchSize = 12,
            Augmentations = [],
            Seed = 1,
        };
        ITransformer model = _ml
            .Transforms.LoadRawImageBytes("Image", null, "ImagePath")
            .Append(_ml.MultilabelClassification().Trainers.PatchTraining(options))
            .Fit(_trained.Rows);

        ITransformer calibrated = _ml.Model.Calibrate(model, _rows);

        Assert.NotEqual(1, _ml.Model.GetImageModel(calibrated).Temperature, 0.01);
        Assert.True(Binary(calibrated) < Binary(model) - 0.001, $"{Binary(model)} {Binary(calibrated)}");
        Assert.Equal(Sets(model), Sets(calibrated));
        _ml.Model.ExportOnnx(calibrated, _folder["sets.onnx"]);
        using OnnxImageClassifier onnx = _ml.Transforms.ApplyImageClassifier(_folder["sets.onnx"]);
        OnnxAssert.Close([.. Scores(calibrated).SelectMany(row => row)], [.. Scores(onnx).SelectMany(row => row)], 1e-5);

        float[][] Scores(ITransformer scorer) => [.. scorer.Transform(_rows).GetColumn<float[]>("Score")];
        float[] Sets(ITransformer scorer) => [.. scorer.Transform(_rows).GetColumn<float[]>("PredictedLabel").SelectMany(row => row)];
        double Binary(ITransformer scorer) =>
            Scores(scorer)
                .Zip(_rows.GetColumn<string>("Label"))
                .Average(row => row.First.Select((p, k) => -Math.Log(ColoredImages.Names[k] == row.Second ? p : 1 - p)).Average());
    }

    [Fact]
    public void Calibrate_AllRowsClassifiedCorrectly_SaysWhatToDo()
    {
        float[][] scores = _trained.Scores(_trained.Model);
        string[] names = [.. _ml.Model.GetImageModel(_trained.Model).ClassNames!];
        IDataView right = Relabeled((_, i) => names[Array.IndexOf(scores[i], scores[i].Max())]);

        string message = Assert.Throws<InvalidOperationException>(() => _ml.Model.Calibrate(_trained.Model, right)).Message;

        Assert.Contains("classified correctly. Calibrate with more images", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Calibrate_UnknownClassesAndUnreadableImages_AreLeftOutAndTold()
    {
        string broken = _folder.Write("broken.png", "no image");
        ImageFileRow[] all = [.. _ml.Data.CreateEnumerable<ImageFileRow>(_rows, reuseRowObject: false)];
        IDataView rows = _ml.Data.LoadFromEnumerable(
            all.Append(new ImageFileRow { ImagePath = broken, Label = "red" })
                .Append(new ImageFileRow { ImagePath = all[0].ImagePath, Label = "Red" })
                .ToArray()
        );
        List<string> log = [];
        MLContext ml = new(1);
        ml.Log += (_, entry) => log.Add(entry.RawMessage);
        ml.Model.Save(_trained.Model, _rows.Schema, _folder["model.zip"]);
        ITransformer model = ml.Model.Load(_folder["model.zip"], out _);

        double expected = ml.Model.GetImageModel(ml.Model.Calibrate(model, _rows)).Temperature;
        double actual = ml.Model.GetImageModel(ml.Model.Calibrate(model, rows)).Temperature;

        Assert.Equal(expected, actual, 1e-4 * expected);
        Assert.Contains(log, line => line.Contains("36 of 38 rows measured; left out: 1 of unknown classes (Red 1", StringComparison.Ordinal));
        string nothing = Assert.Throws<InvalidOperationException>(() => ml.Model.Calibrate(model, Relabeled((_, _) => "Red"))).Message;
        Assert.Contains("There is nothing to calibrate with", nothing, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private IDataView Relabeled(Func<ImageFileRow, int, string> label) =>
        _ml.Data.LoadFromEnumerable(
            _ml.Data.CreateEnumerable<ImageFileRow>(_trained.Rows, reuseRowObject: false)
                .Select((row, i) => new ImageFileRow { ImagePath = row.ImagePath, Label = label(row, i) })
                .ToArray()
        );

    private ClassificationReport Report(ITransformer model) => _ml.MulticlassClassification.EvaluateInDetail(model.Transform(_rows));

    private static double[] Temperatures(ITransformer ensemble) =>
        [.. ((IEnumerable<ITransformer>)ensemble).OfType<ImageEnsembleTransformer>().Single().Members.Select(member => member.Temperature)];

    private static float[] Softmax(float[] probabilities, double temperature)
    {
        double[] powers = [.. probabilities.Select(p => Math.Pow(p, 1 / temperature))];
        return [.. powers.Select(power => (float)(power / powers.Sum()))];
    }
}
