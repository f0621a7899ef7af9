using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.OnnxRuntime;
using PublicApi.Tests.Own;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PublicApi.Tests;

/// <summary>User-defined networks and heads in ONNX.</summary>
public sealed class OnnxExportTests : IClassFixture<OwnPartsFixture>, IDisposable
{
    private const int Count = 7;

    private readonly string _folder = Directory.CreateTempSubdirectory("onnx-export-tests-").FullName;
    private readonly MLContext _ml = new(1);

    static OnnxExportTests()
    {
        BackboneCatalog.Register("not-exported", channels => new NotExported(channels));
        BackboneCatalog.Register("gelu-net", channels => new GeluNet(channels));
        HeadCatalog.Register(() => new NotExportedHead());
    }

    [Theory]
    [InlineData("cosine")]
    [InlineData("two-stage")]
    public void ExportOnnx_OwnBackboneAndHead_GivesTheSameScores(string head)
    {
        ITransformer model = OwnFit.Run(_ml, OwnFit.Plain with { Backbone = OwnParts.Backbone, Head = HeadCatalog.Create(head) });
        string file = Path.Combine(_folder, "model.onnx");

        _ml.Model.ExportOnnx(model, file);

        float[] expected = [.. model.Transform(Bands.Encoded(_ml, Count)).GetColumn<float[]>("Score").SelectMany(row => row)];
        using InferenceSession session = new(file);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(Bands.Rgb(Count), [Count, Bands.Side, Bands.Side, Bands.Channels]);
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, ["Image"], [input], ["Score"]);
        Assert.All(expected.Zip(outputs[0].GetTensorDataAsSpan<float>().ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Theory]
    [InlineData("not-exported", null, new[] { "OnnxExportTests+NotExported cannot be exported to ONNX", "Override ExportStem and ExportStage" })]
    [InlineData("gelu-net", null, new[] { "TorchSharp.Modules.GELU ('backbone.stem.1') cannot be exported to ONNX", "Implement IOnnxModule" })]
    [InlineData("cifar-resnet-8", "not-exported", new[] { "OnnxExportTests+NotExportedModule cannot be exported to ONNX", "Override Export" })]
    public void ExportOnnx_PartThatIsNotExported_NamesItAndWhatToDo(string backbone, string? head, string[] expected)
    {
        ITransformer model = OwnFit.Run(_ml, OwnFit.Plain with { Backbone = backbone, Head = head is null ? null : HeadCatalog.Create(head), Epochs = 1 });
        string file = Path.Combine(_folder, "model.onnx");

        string message = Assert.Throws<NotSupportedException>(() => _ml.Model.ExportOnnx(model, file)).Message;

        Assert.All(expected, words => Assert.Contains(words, message, StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private sealed class NotExported : Backbone
    {
        private readonly Conv2d conv;

        public NotExported(int channels)
            : base(nameof(NotExported))
        {
            conv = nn.Conv2d(channels, 4, 3);
            RegisterComponents();
        }

        public override IReadOnlyList<int> StageChannels => [4];

        public override Tensor Stem(Tensor images) => images.alias();

        public override Tensor Stage(int index, Tensor input) => conv.call(input);
    }

    private sealed class GeluNet : Backbone
    {
        private readonly Sequential stem;

        public GeluNet(int channels)
            : base(nameof(GeluNet))
        {
            stem = nn.Sequential(nn.Conv2d(channels, 4, 3), nn.GELU());
            RegisterComponents();
        }

        public override IReadOnlyList<int> StageChannels => [4];

        public override Tensor Stem(Tensor images) => stem.call(images);

        public override Tensor Stage(int index, Tensor input) => input.alias();

        public override OnnxValue ExportStem(OnnxGraphBuilder graph, OnnxValue images) => graph.Apply(images, stem);

        public override OnnxValue ExportStage(OnnxGraphBuilder graph, int index, OnnxValue input) => input;
    }

    private sealed record NotExportedHead : Head
    {
        public override string Key => "not-exported";

        protected override HeadModule Create(Backbone backbone, int classes) => new NotExportedModule(backbone.StageChannels[^1], classes);
    }

    private sealed class NotExportedModule : HeadModule
    {
        private readonly Linear fc;

        public NotExportedModule(int channels, int classes)
            : base(nameof(NotExportedModule))
        {
            fc = nn.Linear(channels, classes);
            RegisterComponents();
        }

        public override Tensor forward(Tensor embedding) => fc.call(embedding);
    }
}
