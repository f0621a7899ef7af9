using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>Makes whole networks, for training and for scoring.</summary>
internal static class NetworkFactory
{
    /// <summary>A network on the CPU with PyTorch's layer defaults; <see cref="WeightInitializer"/> or a file gives it its weights.</summary>
    public static ImageNetwork Create(string backbone, int inputChannels, int classes) => Create(backbone, inputChannels, classes, new LayerFactory());

    /// <summary>A network for scoring alone: BatchNorm folded into the convolutions, kernels laid out as NHWC, no gradients.</summary>
    public static ImageNetwork CreateForScoring(string backbone, int inputChannels, int classes, Action<ImageNetwork> loadWeights, Device device)
    {
        LayerFactory plainLayers = new();
        LayerFactory foldedLayers = new(folded: true);
        using ImageNetwork plain = Create(backbone, inputChannels, classes, plainLayers);
        loadWeights(plain);
        ImageNetwork folded = Create(backbone, inputChannels, classes, foldedLayers);
        BatchNormFolding.Fold(plainLayers, foldedLayers);
        CopyState(plain.Head, folded.Head);
        folded.to(device);
        ChannelsLast.Apply(folded);
        folded.eval();
        foreach (TorchSharp.Modules.Parameter parameter in folded.parameters())
        {
            parameter.requires_grad = false;
        }

        return folded;
    }

    private static ImageNetwork Create(string backbone, int inputChannels, int classes, LayerFactory layers)
    {
        return ModuleScope.Make(() =>
        {
            Backbone stages = BackboneCatalog.Create(backbone, inputChannels, layers);
            return new ImageNetwork(stages, new LinearHead(stages.StageChannels[^1], classes));
        });
    }

    private static void CopyState(nn.Module from, nn.Module to)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> source = from.state_dict();
        foreach ((string name, Tensor value) in to.state_dict())
        {
            value.copy_(source[name]);
        }
    }
}
