using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using Microsoft.ML.FeatureMining.Tests.Models;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary><c>mlContext.Model.ExportOnnx</c>.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class OnnxExportTests(TrainedModel trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _ml = trained.Context;

    private string File => _folder["model.onnx"];

    [Fact]
    public void ExportOnnx_TransformerChainOrLoadedModel_ScoresLikeTransform()
    {
        _ml.Model.Save(trained.Model, trained.Rows.Schema, _folder["model.zip"]);
        ITransformer[] models =
        [
            trained.Model,
            trained.Transformer,
            new TransformerChain<ITransformer>(trained.Model),
            _ml.Model.Load(_folder["model.zip"], out _),
        ];
        string[] expected =
        [
            .. trained
                .Model.Append(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(trained.Model.Transform(trained.Rows)))
                .Transform(trained.Rows)
                .GetColumn<string>("PredictedLabel"),
        ];

        foreach (ITransformer model in models)
        {
            _ml.Model.ExportOnnx(model, File);

            (float[] scores, string[] labels) = Run(File);
            OnnxAssert.Close([.. trained.Scores(trained.Model).SelectMany(row => row)], scores, 1e-5);
            Assert.Equal(expected, labels);
        }
    }

    [Fact]
    public void ExportOnnx_EnsembleWithViews_ScoresLikeTransform()
    {
        ITransformer other = Tiny.Pipeline(_ml, Tiny.Options with { Backbone = "wrn-10-1", Epochs = 1 }).Fit(trained.Rows);
        ITransformer flipped = _ml.Model.WithTestTimeAugmentation(trained.Model, TestTimeAugmentation.Flip);
        ITransformer ensemble = _ml.MulticlassClassification.Ensemble([flipped, other], [3, 1]);

        _ml.Model.ExportOnnx(ensemble, File);

        OnnxAssert.Close([.. trained.Scores(ensemble).SelectMany(row => row)], Run(File).Scores, 1e-5);
    }

    [Fact]
    public void ExportOnnx_ModelWithExits_ScoresLikeTransform()
    {
        FeatureMiningOptions options = Tiny.Options with { Strategies = [new BeYourOwnTeacher { EnsembleExits = true }], Epochs = 2 };
        ITransformer model = Tiny.Pipeline(_ml, options).Fit(trained.Rows);

        _ml.Model.ExportOnnx(model, File);

        OnnxAssert.Close([.. trained.Scores(model).SelectMany(row => row)], Run(File).Scores, 1e-5);
    }

    [Fact]
    public void ExportOnnx_NoImageClassifier_Throws()
    {
        ITransformer keys = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(trained.Rows);

        Assert.All(
            [keys, new TransformerChain<ITransformer>(keys)],
            model =>
                Assert.Contains(
                    "The model has no image classifier.",
                    Assert.Throws<ArgumentException>(() => _ml.Model.ExportOnnx(model, File)).Message,
                    StringComparison.Ordinal
                )
        );
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void ExportOnnx_PathOfAFolder_SaysSo() =>
        Assert.Contains(
            "It is a folder.",
            Assert.Throws<IOException>(() => _ml.Model.ExportOnnx(trained.Model, _folder.Path)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void ExportOnnx_MissingFolder_NamesTheFile() =>
        Assert.Contains(
            "model.onnx' cannot be written.",
            Assert.Throws<IOException>(() => _ml.Model.ExportOnnx(trained.Model, _folder["missing/model.onnx"])).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void ExportOnnx_OverAFile_ReplacesIt()
    {
        _folder.Write("model.onnx", "old");

        _ml.Model.ExportOnnx(trained.Model, File, new OnnxExportOptions { Float16Weights = true });

        Assert.Equal(trained.Rows.GetColumn<string>("ImagePath").Count(), Run(File).Labels.Length);
        Assert.Equal([File], Directory.GetFiles(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();

    private (float[] Scores, string[] Labels) Run(string file)
    {
        DecodedImage[] images = [.. trained.Rows.GetColumn<string>("ImagePath").Select(path => ImageCodec.Decode(System.IO.File.ReadAllBytes(path)))];
        byte[] pixels = [.. images.SelectMany(image => image.Pixels)];
        long[] shape = [images.Length, images[0].Height, images[0].Width, 3];
        using OnnxRun onnx = OnnxRun.Of(file);
        return (onnx.Score(pixels, shape), onnx.Labels(pixels, shape));
    }
}
