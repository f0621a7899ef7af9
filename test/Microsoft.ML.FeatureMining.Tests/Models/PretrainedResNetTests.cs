using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.FeatureMining.Tests.Models;

/// <summary>The ResNet of the package Microsoft.ML.DnnImageFeaturizer.ResNet18, compared with ONNX Runtime on photographs.</summary>
public sealed class PretrainedResNetTests : IClassFixture<SingleThreadFixture>
{
    private const string Backbone = "resnet-18-2223";
    private const int Side = 224;

    private static readonly string Package = Path.Combine(AppContext.BaseDirectory, "DnnImageModels");
    private static readonly string Features = Path.Combine(Package, "ResNet18Onnx", "ResNet18.onnx");
    private static readonly string Preprocessing = Path.Combine(Package, "ResNetPrepOnnx", "ResNetPreprocess.onnx");

    // A folder of photographs to measure on; by default, generated images with the spectrum of photographs.
    private static readonly string? PhotoFolder = Environment.GetEnvironmentVariable("MLNETFM_PHOTOS");

    public static TheoryData<string> Photos =>
        PhotoFolder is null ? ["1", "2", "3", "4"] : [.. Directory.GetFiles(PhotoFolder, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Photos))]
    public void Features_FedLikeOnnx_EqualOnnxRuntimes(string photo)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork network = Evaluating(new NamedTensors([.. DnnImageFeaturizer.Original(OnnxGraph.Read(File.ReadAllBytes(Features)))]));
        float[] pixels = Pixels(photo);
        float[] bgr = Run(Preprocessing, pixels);

        float[] expected = Run(Features, bgr);
        float[] actual = FeaturesOf(network, tensor(bgr).reshape(1, 3, Side, Side));

        Assert.Equal(512, expected.Length);
        Assert.InRange(Largest(expected, actual) / expected.Max(), 0, 1e-5);
    }

    // What the constant mean costs: features differ where the mean image is darker or brighter than its mean.
    [Theory]
    [MemberData(nameof(Photos))]
    public void Features_NormalizedRgb_AreCloseToOnnxRuntimes(string photo)
    {
        using DisposeScope scope = NewDisposeScope();
        PretrainedModel model = PretrainedWeights.Find(PretrainedWeights.ResNet18)!;
        using ImageNetwork network = NetworkFactory.Create(Backbone, 3, 2);
        WeightReport report = WeightLoader.Load(WeightSource.Find(PretrainedWeights.ResNet18), network, Backbone);
        network.eval();
        float[] pixels = Pixels(photo);
        Tensor input = (tensor(pixels).reshape(1, 3, Side, Side) / 255 - Constants(model.Mean)) / Constants(model.Std);

        float[] expected = Run(Features, Run(Preprocessing, pixels));
        float[] actual = FeaturesOf(network, input);

        double cosine = Dot(expected, actual) / Math.Sqrt(Dot(expected, expected) * Dot(actual, actual));
        Assert.True(cosine > 0.99, $"cosine {cosine}");
        Assert.Empty(report.Skipped);
        Assert.All(
            report.New,
            name => Assert.True(name.EndsWith("num_batches_tracked", StringComparison.Ordinal) || name.StartsWith("fc.", StringComparison.Ordinal))
        );
    }

    // The rest is the mean image: with it, as a constant of each pixel, features equal ONNX Runtime's.
    [Fact]
    public void Features_NormalizedRgbWithTheMeanImage_EqualOnnxRuntimes()
    {
        using DisposeScope scope = NewDisposeScope();
        PretrainedModel model = PretrainedWeights.Find(PretrainedWeights.ResNet18)!;
        using ImageNetwork network = Evaluating(DnnImageFeaturizer.Read(Features, model.Std));
        float[] pixels = Pixels("1");
        float[] bgr = Run(Preprocessing, pixels);
        Tensor rgb = tensor(bgr).reshape(1, 3, Side, Side).flip(1);

        float[] actual = FeaturesOf(network, rgb / 255 / Constants(model.Std));

        float[] expected = Run(Features, bgr);
        Assert.InRange(Largest(expected, actual) / expected.Max(), 0, 1e-5);
    }

    // The package pads strided layers at one side. With even sizes, the second side of a symmetric padding is never read.
    [Theory]
    [InlineData(224, 7, 3, 2, true)]
    [InlineData(64, 7, 3, 2, true)]
    [InlineData(96, 3, 1, 0, true)]
    [InlineData(65, 7, 3, 2, false)]
    public void Convolution_PaddedAtOneSide_EqualsSymmetricPaddingAtEvenSizes(int side, int kernel, int before, int after, bool equal)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor image = linspace(-1, 1, side * side).reshape(1, 1, side, side).sin();
        Tensor weight = linspace(-1, 1, kernel * kernel).reshape(1, 1, kernel, kernel);

        Tensor symmetric = nn.functional.conv2d(image, weight, strides: [2, 2], padding: [before, before]);
        Tensor oneSided = nn.functional.conv2d(nn.functional.pad(image, [before, after, before, after]), weight, strides: [2, 2]);

        Assert.Equal(equal, symmetric.shape.SequenceEqual(oneSided.shape) && symmetric.allclose(oneSided));
    }

    [Fact]
    public void Read_AnotherOnnxModel_Throws()
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => DnnImageFeaturizer.Read(Preprocessing, [1, 1, 1]));

        Assert.Contains(
            "ResNetPreprocess.onnx' is not the model of the package Microsoft.ML.DnnImageFeaturizer.ResNet18.",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("It has 0 convolutions; the network has 22.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TruncatedModel_ThrowsAtAnyLength()
    {
        byte[] model = File.ReadAllBytes(Preprocessing);
        for (int length = 0; length < model.Length; length += 1 + model.Length / 300)
        {
            Assert.Throws<InvalidDataException>(() => DnnImageFeaturizer.Original(OnnxGraph.Read(model[..length])).ToArray());
        }
    }

    private static ImageNetwork Evaluating(NamedTensors weights)
    {
        ImageNetwork network = NetworkFactory.Create(Backbone, 3, 2);
        WeightLoader.Load(new WeightSource("package", () => new MemoryWeights(weights)), network, Backbone);
        network.eval();
        return network;
    }

    private static float[] FeaturesOf(ImageNetwork network, Tensor images)
    {
        using IDisposable noGrad = no_grad();
        return ImageNetwork.Pool(network.Backbone.call(images)).data<float>().ToArray();
    }

    private static Tensor Constants(IReadOnlyList<double> values) => tensor([.. values.Select(value => (float)value)]).reshape(1, -1, 1, 1);

    // RGB [3,H,W], 0 to 255.
    private static float[] Pixels(string photo) =>
        int.TryParse(photo, out int seed)
            ? Generated(seed)
            :
            [
                .. new ImagePreprocessing { Shape = new ImageShape(3, Side, Side) }
                    .Apply(File.ReadAllBytes(photo))
                    .Select(value => (float)value),
            ];

    // Waves whose amplitude is inversely proportional to their frequency, with an edge.
    private static float[] Generated(int seed)
    {
        RandomStream random = new(seed, "photo");
        float[] pixels = new float[3 * Side * Side];
        Array.Fill(pixels, 120);
        for (int wave = 0; wave < 60; wave++)
        {
            double frequency = 1 + 30 * random.NextDouble() * random.NextDouble(),
                angle = 2 * Math.PI * random.NextDouble(),
                phase = 2 * Math.PI * random.NextDouble();
            double[] color = [random.NextDouble(), random.NextDouble(), random.NextDouble()];
            for (int i = 0; i < pixels.Length; i++)
            {
                (double x, double y) = (i % Side / (double)Side, i / Side % Side / (double)Side);
                double along = x * Math.Cos(angle) + y * Math.Sin(angle);
                pixels[i] += (float)(60 / frequency * (0.5 + color[i / Side / Side]) * Math.Sin(2 * Math.PI * frequency * along + phase));
            }
        }

        return [.. pixels.Select((value, i) => Math.Clamp(MathF.Round(value + (i % Side > Side / 2 ? 40 : 0)), 0, 255))];
    }

    private static float[] Run(string model, float[] input)
    {
        using InferenceSession session = new(model);
        NamedOnnxValue value = NamedOnnxValue.CreateFromTensor(session.InputMetadata.Keys.Single(), new DenseTensor<float>(input, new[] { 1, 3, Side, Side }));
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run([value]);
        return [.. outputs[0].AsTensor<float>()];
    }

    private static double Largest(float[] one, float[] other) => one.Zip(other).Max(pair => Math.Abs((double)pair.First - pair.Second));

    private static double Dot(float[] one, float[] other) => one.Zip(other).Sum(pair => (double)pair.First * pair.Second);
}
