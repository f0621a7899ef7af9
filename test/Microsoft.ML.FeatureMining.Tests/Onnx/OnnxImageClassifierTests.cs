using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Onnx;

/// <summary><c>mlContext.Transforms.ApplyImageClassifier</c>: the columns of the exported transformer, without TorchSharp.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class OnnxImageClassifierTests(TrainedModel trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _ml = new();

    private string OnnxFile => _folder["model.onnx"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(OnnxInput.RawImages)]
    [InlineData(OnnxInput.NormalizedFloats)]
    public void Transform_ExportedModel_GivesTheColumnsOfItsTransformer(OnnxInput input)
    {
        trained.Context.Model.ExportOnnx(trained.Model, OnnxFile, new OnnxExportOptions { Input = input });
        using OnnxImageClassifier classifier = _ml.Transforms.ApplyImageClassifier(OnnxFile);

        IDataView expected = trained.Transformer.Transform(trained.Loaded);
        IDataView actual = classifier.Transform(trained.Loaded);

        Assert.Equal(trained.Transformer.Model.ClassNames, classifier.ClassNames);
        AssertSameScores(expected, actual);
        Assert.Equal(expected.GetColumn<uint>("PredictedLabel"), actual.GetColumn<uint>("PredictedLabel"));
        foreach (string column in (string[])["PredictedLabel", "Score"])
        {
            Assert.Equal(expected.Schema[column].Type, actual.Schema[column].Type);
            Assert.Equal(Annotations(expected.Schema[column]), Annotations(actual.Schema[column]));
        }
    }

    // Images of other sizes are resized here, as in training: the graph would differ by a level in some pixels.
    [Theory]
    [InlineData(1, TestTimeAugmentation.None, ResizeRule.CropShorterSide)]
    [InlineData(3, TestTimeAugmentation.Flip, ResizeRule.CropShorterSide)]
    [InlineData(3, TestTimeAugmentation.TenCrop, ResizeRule.CropShorterSide)]
    [InlineData(3, TestTimeAugmentation.None, ResizeRule.Squash)]
    [InlineData(3, TestTimeAugmentation.None, ResizeRule.CropShorterSide, ResizeFilter.Bicubic)]
    public void Transform_ResizedAndCroppedImages_GivesTheSameScores(
        int channels,
        TestTimeAugmentation views,
        ResizeRule resize,
        ResizeFilter filter = ResizeFilter.Bilinear
    )
    {
        FeatureMiningOptions options = Tiny.Options with
        {
            Channels = channels,
            CropRatio = 0.7,
            Resize = resize,
            ResizeFilter = filter,
            ImageHeight = 15,
            ImageWidth = 10,
            Epochs = 1,
        };
        ITransformer model = trained.Context.Model.WithTestTimeAugmentation(Tiny.Pipeline(trained.Context, options).Fit(trained.Rows), views);
        trained.Context.Model.ExportOnnx(model, OnnxFile);
        using OnnxImageClassifier classifier = _ml.Transforms.ApplyImageClassifier(OnnxFile, new OnnxClassifierOptions { BatchSize = 5 });

        AssertSameScores(model.Transform(trained.Rows), classifier.Transform(trained.Rows));
    }

    [Fact]
    public void Evaluate_InAPipelineWithKeysOfTheClasses_GivesTheMetricsOfTheModel()
    {
        trained.Context.Model.ExportOnnx(trained.Model, OnnxFile);
        OnnxImageClassifier classifier = _ml.Transforms.ApplyImageClassifier(OnnxFile);
        IDataView classes = _ml.Data.LoadFromEnumerable(classifier.ClassNames.Select(name => new ClassName { Label = name }));
        using TransformerChain<ITransformer> model = _ml
            .Transforms.Conversion.MapValueToKey("Label", keyData: classes)
            .Append(classifier)
            .Append<ITransformer>(_ml.Transforms.Conversion.MapKeyToValue("Class", "PredictedLabel"))
            .Fit(trained.Rows);

        IDataView scored = model.Transform(trained.Rows);

        MulticlassClassificationMetrics expected = trained.Context.MulticlassClassification.Evaluate(trained.Model.Transform(trained.Rows));
        MulticlassClassificationMetrics actual = _ml.MulticlassClassification.Evaluate(scored);
        Assert.Equal(expected.MicroAccuracy, actual.MicroAccuracy);
        Assert.Equal(expected.LogLoss, actual.LogLoss, 5);
        Assert.Equal(trained.Rows.GetColumn<string>("Label").Distinct().Order(), scored.GetColumn<string>("Class").Distinct().Order());
    }

    [Fact]
    public void SaveThenLoad_WithoutTheFile_GivesTheSameScores()
    {
        trained.Context.Model.ExportOnnx(trained.Model, OnnxFile);
        using OnnxImageClassifier classifier = _ml.Transforms.ApplyImageClassifier(OnnxFile, new OnnxClassifierOptions { Threads = 1 });
        _ml.Model.Save(classifier, trained.Rows.Schema, _folder["saved.zip"]);
        float[][] expected = Scores(classifier.Transform(trained.Rows));
        File.Delete(OnnxFile);

        ITransformer loaded = new MLContext().Model.Load(_folder["saved.zip"], out _);

        Assert.Equal(expected, Scores(loaded.Transform(trained.Rows)));
        (loaded as IDisposable)?.Dispose();
    }

    [Fact]
    public void PredictionEngine_OnManyThreads_GivesTheSameScores()
    {
        trained.Context.Model.ExportOnnx(trained.Model, OnnxFile);
        using OnnxImageClassifier classifier = _ml.Transforms.ApplyImageClassifier(OnnxFile, new OnnxClassifierOptions { Threads = 1 });
        byte[][] images = [.. trained.Rows.GetColumn<string>("ImagePath").Select(File.ReadAllBytes)];
        float[][] expected = trained.Scores(trained.Model);
        float[][] actual = new float[images.Length][];

        Parallel.ForEach(
            Enumerable.Range(0, 4),
            part =>
            {
                PredictionEngineOptions shared = new() { OwnsTransformer = false };
                using PredictionEngine<Photo, Prediction> engine = _ml.Model.CreatePredictionEngine<Photo, Prediction>(classifier, shared);
                for (int i = part; i < images.Length; i += 4)
                {
                    actual[i] = engine.Predict(new Photo { Image = images[i] }).Score;
                }
            }
        );

        OnnxAssert.Close([.. expected.SelectMany(row => row)], [.. actual.SelectMany(row => row)], 1e-5);
    }

    [Fact]
    public void Transform_UnreadableImage_ThrowsOrIsNaNByThePolicy()
    {
        trained.Context.Model.ExportOnnx(trained.Model, OnnxFile);
        using OnnxImageClassifier strict = _ml.Transforms.ApplyImageClassifier(OnnxFile);
        using OnnxImageClassifier lenient = _ml.Transforms.ApplyImageClassifier(
            OnnxFile,
            new OnnxClassifierOptions { OnUnreadableImage = UnreadableImageBehavior.Skip }
        );
        IDataView rows = _ml.Data.LoadFromEnumerable([new Photo { Image = [1, 2, 3] }]);

        Assert.Throws<ImageDecodeException>(() => Scores(strict.Transform(rows)));
        Assert.All(Scores(lenient.Transform(rows)).Single(), score => Assert.Equal(float.NaN, score));
        Assert.Equal([0u], lenient.Transform(rows).GetColumn<uint>("PredictedLabel"));
    }

    [Fact]
    public void Transform_Disposed_Throws()
    {
        trained.Context.Model.ExportOnnx(trained.Model, OnnxFile);
        OnnxImageClassifier classifier = _ml.Transforms.ApplyImageClassifier(OnnxFile);
        classifier.Dispose();
        classifier.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Scores(classifier.Transform(trained.Rows)));
    }

    // Images are resized for each network as in training.
    [Theory]
    [InlineData(12, 12, 1, TestTimeAugmentation.None)]
    [InlineData(20, 16, 1, TestTimeAugmentation.None)]
    [InlineData(20, 20, 0.8, TestTimeAugmentation.TenCrop)]
    public void ApplyImageClassifier_OfAnEnsemble_ScoresLikeIt(int height, int width, double cropRatio, TestTimeAugmentation views)
    {
        FeatureMiningOptions options = Tiny.Options with { Backbone = "wrn-10-1", Epochs = 1, ImageHeight = height, ImageWidth = width, CropRatio = cropRatio };
        ITransformer other = trained.Context.Model.WithTestTimeAugmentation(Tiny.Pipeline(trained.Context, options).Fit(trained.Rows), views);
        ITransformer ensemble = trained.Context.MulticlassClassification.Ensemble([trained.Model, other], [3, 1]);
        trained.Context.Model.ExportOnnx(ensemble, OnnxFile);

        using OnnxImageClassifier classifier = _ml.Transforms.ApplyImageClassifier(OnnxFile);

        AssertSameScores(ensemble.Transform(trained.Rows), classifier.Transform(trained.Rows));
    }

    [Fact]
    public void ApplyImageClassifier_SecondFileMissingOrTruncated_IsRefused()
    {
        trained.Context.Model.ExportOnnx(trained.Model, OnnxFile, new OnnxExportOptions { MaxEmbeddedBytes = 1000 });
        string data = Assert.Single(OnnxDataFile.Find(OnnxFile));
        using (OnnxImageClassifier classifier = _ml.Transforms.ApplyImageClassifier(OnnxFile))
        {
            AssertSameScores(trained.Model.Transform(trained.Rows), classifier.Transform(trained.Rows));
        }

        File.WriteAllBytes(data, File.ReadAllBytes(data)[..5000]);
        Refused("model.onnx", "");
        File.Delete(data);
        Assert.Contains(Path.GetFileName(data), Refused("model.onnx", ""), StringComparison.Ordinal);
    }

    [Fact]
    public void ApplyImageClassifier_FilesThatAreNoClassifier_AreNamedAndRefused()
    {
        trained.Context.Model.ExportOnnx(trained.Model, OnnxFile);
        byte[] bytes = File.ReadAllBytes(OnnxFile);
        File.WriteAllBytes(_folder["truncated.onnx"], bytes[..(bytes.Length / 2)]);
        File.WriteAllBytes(_folder["empty.onnx"], []);
        File.WriteAllText(_folder["text.onnx"], "not a model");
        Damage("keys.onnx", "class_names", "class_nomes");
        Damage("json.onnx", "\"crop_ratio\"", "\"crop_ratio ");
        Damage("size.onnx", "\"height\":12", "\"height\":-2");

        Refused("truncated.onnx", "");
        Refused("empty.onnx", "");
        Refused("text.onnx", "");
        Refused("keys.onnx", "its metadata has no 'class_names', so it was not written by ExportOnnx; use ML.NET's ApplyOnnxModel");
        Refused("json.onnx", "its metadata is damaged: ");
        Refused("size.onnx", "its metadata 'preprocessing' is invalid");
        Assert.Throws<FileNotFoundException>(() => _ml.Transforms.ApplyImageClassifier(_folder["missing.onnx"]));

        void Damage(string name, string text, string other)
        {
            // Latin-1 keeps every byte.
            string model = Encoding.Latin1.GetString(bytes);
            Assert.Contains(text, model, StringComparison.Ordinal);
            byte[] damaged = Encoding.Latin1.GetBytes(model.Replace(text, other, StringComparison.Ordinal));
            File.WriteAllBytes(_folder[name], damaged);
        }
    }

    // A byte flipped anywhere gives an error or scores, but ends no process.
    [Fact]
    public void ApplyImageClassifier_DamagedBytes_ThrowOrScore()
    {
        trained.Context.Model.ExportOnnx(trained.Model, OnnxFile);
        byte[] bytes = File.ReadAllBytes(OnnxFile);
        Random random = new(1);
        for (int i = 0; i < 60; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(_folder["damaged.onnx"], damaged);
            Exception? error = Record.Exception(() =>
            {
                using OnnxImageClassifier classifier = _ml.Transforms.ApplyImageClassifier(_folder["damaged.onnx"], new OnnxClassifierOptions { Threads = 1 });
                _ = Scores(classifier.Transform(trained.Rows));
            });
            Assert.True(error is null or InvalidDataException or ML.OnnxRuntime.OnnxRuntimeException, $"{error}");
        }
    }

    private string Refused(string name, string reason)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => _ml.Transforms.ApplyImageClassifier(_folder[name]));
        Assert.StartsWith($"'{_folder[name]}' cannot be used as an image classifier: {reason}", error.Message, StringComparison.Ordinal);
        return error.Message;
    }

    private static void AssertSameScores(IDataView expected, IDataView actual) =>
        OnnxAssert.Close([.. Scores(expected).SelectMany(row => row)], [.. Scores(actual).SelectMany(row => row)], 1e-5);

    private static float[][] Scores(IDataView scored) => [.. scored.GetColumn<float[]>("Score")];

    private static IEnumerable<string> Annotations(DataViewSchema.Column column) =>
        column.Annotations.Schema.Select(annotation =>
        {
            if (annotation.Type is not VectorDataViewType { ItemType: TextDataViewType })
            {
                return $"{annotation.Name} {annotation.Type}";
            }

            VBuffer<ReadOnlyMemory<char>> names = default;
            column.Annotations.GetValue(annotation.Name, ref names);
            return $"{annotation.Name} {string.Join(',', names.DenseValues())}";
        });

    private sealed class Photo
    {
        public byte[] Image { get; set; } = [];
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];
    }

    private sealed class ClassName
    {
        public string Label { get; set; } = "";
    }
}
