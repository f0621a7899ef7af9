using System.Globalization;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>A backbone with a stem and stages that are sequences of layers.</summary>
internal abstract class LayeredBackbone(string name) : Backbone(name)
{
    private readonly List<int> _stageChannels = [];

    public sealed override IReadOnlyList<int> StageChannels => _stageChannels;

    protected internal sealed override IReadOnlyList<IReadOnlyList<nn.Module>> LayerGroups => Layers.Parts;

    /// <summary>All layers: part 0 is the stem, part i + 1 is stage i.</summary>
    protected LayerList Layers { get; } = new();

    public sealed override Tensor Stem(Tensor images) => Layers.Run(0, images);

    public sealed override Tensor Stage(int index, Tensor input)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _stageChannels.Count);
        return Layers.Run(index + 1, input);
    }

    public sealed override OnnxValue ExportStem(OnnxGraphBuilder graph, OnnxValue images) => graph.Apply(images, LayerGroups[0]);

    public sealed override OnnxValue ExportStage(OnnxGraphBuilder graph, int index, OnnxValue input) => graph.Apply(input, LayerGroups[index + 1]);

    /// <summary>Starts the next stage: layers that are added after this call belong to it.</summary>
    protected void BeginStage() => Layers.BeginPart();

    /// <summary>Completes the stage.</summary>
    /// <param name="channels">The number of its output channels.</param>
    protected void EndStage(int channels) => _stageChannels.Add(channels);
}

/// <summary>A sequence of named layers, split into parts.</summary>
internal sealed class LayerList
{
    private readonly List<List<nn.Module<Tensor, Tensor>>> _parts =
    [
        [],
    ];
    private readonly List<(string Name, nn.Module<Tensor, Tensor> Layer)> _layers = [];

    /// <summary>All layers.</summary>
    public IReadOnlyList<(string Name, nn.Module<Tensor, Tensor> Layer)> All => _layers;

    /// <summary>The layers of each part.</summary>
    public IReadOnlyList<IReadOnlyList<nn.Module>> Parts => _parts;

    /// <summary>Adds a layer with its index as the name.</summary>
    public void Add(nn.Module<Tensor, Tensor> layer) => Add(_layers.Count.ToString(CultureInfo.InvariantCulture), layer);

    public void Add(string name, nn.Module<Tensor, Tensor> layer)
    {
        _layers.Add((name, layer));
        _parts[^1].Add(layer);
    }

    public void BeginPart() => _parts.Add([]);

    /// <summary>All layers as one module, which torchvision calls <c>features</c>. It registers the layers with the network.</summary>
    public Sequential ToModule() => nn.Sequential([.. _layers]);

    /// <summary>Runs the layers of one part and disposes the intermediate tensors.</summary>
    public Tensor Run(int part, Tensor input)
    {
        if (_parts[part].Count == 0)
        {
            return input.alias();
        }

        Tensor features = input;
        foreach (nn.Module<Tensor, Tensor> layer in _parts[part])
        {
            Tensor next = layer.call(features);
            if (!ReferenceEquals(features, input))
            {
                features.Dispose();
            }

            features = next;
        }

        return features;
    }
}

/// <summary>
/// A residual network: a stem, stages of residual blocks called layer1, layer2, ..., and after the last, if its blocks are pre-activated, BatchNorm and ReLU.
/// The families differ in stem, blocks and widths.
/// </summary>
internal sealed class ResidualNetwork : LayeredBackbone
{
    /// <param name="stem">The stem.</param>
    /// <param name="stages">The stages.</param>
    /// <param name="stageChannels">The number of output channels of each stage.</param>
    /// <param name="lastNorm">The state_dict name of the BatchNorm after the last stage; null for none.</param>
    public ResidualNetwork(ResNetStem stem, IReadOnlyList<Sequential> stages, IReadOnlyList<int> stageChannels, string? lastNorm = null)
        : base(nameof(ResidualNetwork))
    {
        foreach ((string name, nn.Module<Tensor, Tensor> layer) in stem.Layers)
        {
            Layers.Add(name, layer);
        }

        foreach ((int i, Sequential stage) in stages.Index())
        {
            BeginStage();
            Layers.Add(string.Create(CultureInfo.InvariantCulture, $"layer{i + 1}"), stage);
            EndStage(stageChannels[i]);
        }

        if (lastNorm is not null)
        {
            // BatchNorm and ReLU belong to the last stage.
            Layers.Add(lastNorm, new BatchNormLayer(stageChannels[^1]));
            Layers.Add(lastNorm + "_relu", nn.ReLU(inplace: true));
        }

        foreach ((string name, nn.Module<Tensor, Tensor> layer) in Layers.All)
        {
            register_module(name, layer);
        }
    }
}
