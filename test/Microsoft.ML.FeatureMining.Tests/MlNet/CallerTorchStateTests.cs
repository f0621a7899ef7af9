using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>A pipeline gives bit-identical results whatever global torch state a program has set, and restores that state.</summary>
[Collection(nameof(SerialTests))]
public sealed class CallerTorchStateTests(ColoredImages images) : IClassFixture<ColoredImages>, IClassFixture<SingleThreadFixture>
{
    private static readonly FeatureMiningOptions Options = Tiny.Options with { Epochs = 2 };

    [Theory]
    [MemberData(nameof(CallerTorchState.Names), MemberType = typeof(CallerTorchState))]
    public void Pipeline_AnyState_IsBitIdenticalAndRestoresTheState(string name)
    {
        string plain = Everything();
        using CallerTorchState state = new(name);

        Assert.Equal(plain, Everything());

        state.Assert();
    }

    [Theory]
    [MemberData(nameof(CallerTorchState.Names), MemberType = typeof(CallerTorchState))]
    public void Fit_ThatThrows_RestoresTheState(string name)
    {
        MLContext ml = new(1);
        using CallerTorchState state = new(name);

        Assert.Throws<FormatException>(() => Tiny.Pipeline(ml, Options with { Progress = _ => throw new FormatException() }).Fit(images.Rows(ml)));

        state.Assert();
    }

    [Fact]
    public void Model_CreatedInADisposeScope_OutlivesIt()
    {
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        ITransformer fitted;
        ImageExplainer explainer;
        string inside;
        using (NewDisposeScope())
        {
            fitted = Tiny.Pipeline(ml, Options).Fit(rows);
            explainer = ml.Model.CreateImageExplainer(fitted);
            inside = Bits(fitted, explainer, rows);
        }

        Assert.Equal(inside, Bits(fitted, explainer, rows));
        explainer.Dispose();
        (fitted as IDisposable)?.Dispose();
    }

    /// <summary>Defaults of the process affect other threads: a Fit that takes hours must not change them.</summary>
    [Fact]
    public void Fit_WhileTraining_DoesNotChangeProcessDefaults()
    {
        MLContext ml = new(1);
        using CallerTorchState state = new("default dtype");
        List<ScalarType> seen = [];

        using TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(ml, Options with { Progress = _ => seen.Add(get_default_dtype()) })
            .Fit(images.Rows(ml));

        Assert.NotEmpty(seen);
        Assert.All(seen, type => Assert.Equal(ScalarType.Float64, type));
    }

    [Fact]
    public void Fit_TensorFloat32_AllowsItWhileTrainingAndRestoresTheSetting()
    {
        MLContext ml = new(1);
        List<(bool, bool)> seen = [];
        (bool, bool) before = Allowed();

        using TransformerChain<ImageClassificationTransformer> rounded = Fit(Options with { Precision = Precision.TensorFloat32, Progress = _ => Nested() });
        using TransformerChain<ImageClassificationTransformer> single = Fit(Options);

        Assert.NotEmpty(seen);
        Assert.All(seen, allowed => Assert.Equal((true, true), allowed));
        Assert.Equal(before, Allowed());
        // On a CPU.
        Assert.Equal(Weights(single), Weights(rounded));

        TransformerChain<ImageClassificationTransformer> Fit(FeatureMiningOptions options) => Tiny.Pipeline(ml, options).Fit(images.Rows(ml));

        // A Fit that ends within another one must not end its setting.
        void Nested()
        {
            if (seen.Count == 0)
            {
                Fit(Options with { Epochs = 1, Precision = Precision.TensorFloat32 }).LastTransformer.Dispose();
            }

            seen.Add(Allowed());
        }

        static (bool, bool) Allowed() => (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32);

        static byte[] Weights(TransformerChain<ImageClassificationTransformer> model) =>
            [.. model.LastTransformer.Model.Saved.Weights.Tensors.SelectMany(tensor => tensor.Bytes)];
    }

    private string Everything()
    {
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        using TransformerChain<ImageClassificationTransformer> fitted = Tiny.Pipeline(ml, Options).Fit(rows);
        using MemoryStream file = new();
        ml.Model.Save(fitted, rows.Schema, file);
        file.Position = 0;
        ITransformer loaded = ml.Model.Load(file, out _);
        using ImageExplainer explainer = ml.Model.CreateImageExplainer(loaded);
        double accuracy = ml.MulticlassClassification.Evaluate(fitted.Transform(rows)).MicroAccuracy;
        using PredictionEngine<EncodedImage, Scored> engine = ml.Model.CreatePredictionEngine<EncodedImage, Scored>(fitted.LastTransformer);
        float[] predicted = engine.Predict(new EncodedImage { Image = ColoredImages.Png(1, new Random(1)) }).Score;
        (loaded as IDisposable)?.Dispose();
        return $"{Bits(fitted, explainer, rows)} {accuracy} {Hex(predicted)} {Exported(ml, fitted)}";
    }

    private static string Exported(MLContext ml, ITransformer model)
    {
        using TemporaryFolder folder = new();
        ml.Model.ExportOnnx(model, folder["model.onnx"]);
        OnnxGraph graph = OnnxGraph.Read(File.ReadAllBytes(folder["model.onnx"]));
        return string.Join(' ', graph.Initializers.Select(entry => $"{entry.Key} {Convert.ToHexString(entry.Value.Bytes)}"));
    }

    private static string Bits(ITransformer model, ImageExplainer explainer, IDataView rows)
    {
        IEnumerable<float> scores = model.Transform(rows).GetColumn<float[]>("Score").SelectMany(row => row);
        IEnumerable<float> maps = explainer
            .Explain(model.Transform(rows), images: 2)
            .SelectMany(image => image.Explanation.StageMaps.SelectMany(map => map.Values));
        IEnumerable<double> activations = explainer.Activations(model.Transform(rows), images: 2).Select(stage => stage.Mean);
        return $"{Hex([.. scores])} {Hex([.. maps])} {string.Join(' ', activations)}";
    }

    private static string Hex(float[] values) => Convert.ToHexString(MemoryMarshal.AsBytes<float>(values));

    private sealed class Scored
    {
        public float[] Score { get; set; } = [];
    }
}
