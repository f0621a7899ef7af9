using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PublicApi.Tests.Own;

/// <summary>A backbone of three stages with dropout, noise, and a parameter that does not belong to a layer.</summary>
internal sealed class PlainNet : Backbone
{
    private static readonly int[] Channels = [8, 12, 16];

    private readonly Sequential stem;
    private readonly Sequential stage1;
    private readonly Sequential stage2;
    private readonly Sequential stage3;
    private readonly Parameter scale;

    public PlainNet(int inputChannels)
        : base(nameof(PlainNet))
    {
        stem = nn.Sequential(nn.Conv2d(inputChannels, Channels[0], 3, padding: 1, bias: false), nn.BatchNorm2d(Channels[0]), nn.ReLU());
        stage1 = Stage(Channels[0], Channels[0], stride: 1);
        stage2 = Stage(Channels[0], Channels[1], stride: 2);
        stage3 = Stage(Channels[1], Channels[2], stride: 2);
        scale = nn.Parameter(ones(1, Channels[0], 1, 1));
        RegisterComponents();
    }

    public override IReadOnlyList<int> StageChannels => Channels;

    protected override IReadOnlyList<IReadOnlyList<nn.Module>> LayerGroups =>
        [
            [stem],
            [stage1],
            [stage2],
            [stage3],
        ];

    public override Tensor Stem(Tensor images) => stem.call(images) * scale;

    public override Tensor Stage(int index, Tensor input) =>
        index switch
        {
            0 => stage1.call(input),
            1 => stage2.call(input),
            2 => stage3.call(input),
            _ => throw new ArgumentOutOfRangeException(nameof(index)),
        };

    public override OnnxValue ExportStem(OnnxGraphBuilder graph, OnnxValue images) => graph.Mul(graph.Apply(images, stem), graph.Initializer(scale));

    public override OnnxValue ExportStage(OnnxGraphBuilder graph, int index, OnnxValue input) => graph.Apply(input, LayerGroups[index + 1]);

    protected override void InitializeWeights(RandomStream random)
    {
        base.InitializeWeights(random);
        using IDisposable noGrad = no_grad();
        using Tensor drawn = tensor(Enumerable.Range(0, Channels[0]).Select(_ => (float)(1 + 0.1 * random.NextGaussian())).ToArray());
        scale.copy_(drawn.view(1, -1, 1, 1));
    }

    private static Sequential Stage(int input, int output, int stride) =>
        nn.Sequential(nn.Conv2d(input, output, 3, stride, padding: 1, bias: false), nn.BatchNorm2d(output), nn.ReLU(), new StreamDropout(0.1), new Noise());

    private sealed class Noise() : RandomLayer(nameof(Noise)), IOnnxModule
    {
        public override Tensor forward(Tensor input) => training ? input * (1 + 0.05 * Random.NextGaussian()) : input.alias();

        public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input) => input;
    }
}
