using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>
/// An exit: an auxiliary classifier on an earlier stage (Zhang et al. 2019). It has one 3x3 convolution, BatchNorm and ReLU per following stage, so that its
/// features have the shape of the last stage's, then global average pooling and one fully connected layer. <see cref="Training.StrategyContext.AddExits"/>
/// creates it.
/// </summary>
public sealed class Exit : nn.Module<Tensor, Tensor>
{
    private readonly Sequential adapter;
    private readonly Linear fc;

    /// <param name="stage">The stage, from 0; not the last.</param>
    /// <param name="channels">The output channels of all stages.</param>
    /// <param name="strides">The stride from each stage to the next.</param>
    /// <param name="classes">The number of classes K.</param>
    internal Exit(int stage, IReadOnlyList<int> channels, IReadOnlyList<StageStride> strides, int classes)
        : base(nameof(Exit))
    {
        Stage = stage;
        List<nn.Module<Tensor, Tensor>> layers = [];
        for (int to = stage + 1; to < channels.Count; to++)
        {
            layers.Add(WeightLayers.Conv2d(channels[to - 1], channels[to], 3, (strides[to - 1].Rows, strides[to - 1].Columns), 1, bias: false));
            layers.Add(new BatchNormLayer(channels[to]));
            layers.Add(nn.ReLU());
        }

        adapter = nn.Sequential(layers);
        fc = WeightLayers.Linear(channels[^1], classes);
        RegisterComponents();
    }

    /// <summary>The stage before the exit, from 0.</summary>
    public int Stage { get; }

    /// <summary>From the features of the stage [N,c,h,w] to the embedding [N,C], where C is the number of channels of the last stage.</summary>
    public Tensor Embed(Tensor features)
    {
        ArgumentNullException.ThrowIfNull(features);
        return ImageNetwork.Pool(adapter.call(features));
    }

    /// <summary>From the embedding to logits [N,K].</summary>
    public override Tensor forward(Tensor embedding) => fc.call(embedding);

    /// <summary>From the features of the stage to logits, in an ONNX graph.</summary>
    internal OnnxValue Export(OnnxGraphBuilder graph, OnnxValue features) =>
        graph.Apply(graph.Flatten(graph.GlobalAveragePool(graph.Apply(features, adapter))), fc);

    /// <summary>One exit for each stage except the last.</summary>
    internal static IReadOnlyList<Exit> All(IReadOnlyList<int> channels, IReadOnlyList<StageStride> strides, int classes) =>
        [.. Enumerable.Range(0, channels.Count - 1).Select(stage => new Exit(stage, channels, strides, classes))];
}
