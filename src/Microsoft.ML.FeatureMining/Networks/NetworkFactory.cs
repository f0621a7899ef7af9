using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>Makes whole networks, for training and for scoring.</summary>
internal static class NetworkFactory
{
    /// <summary>
    /// A network, with the head that its family comes with unless another is named, on the CPU with PyTorch's layer defaults, which are drawn from <paramref name="seed"/>;
    /// <see cref="WeightInitializer"/> or a file gives it its weights.
    /// </summary>
    public static ImageNetwork Create(string backbone, int inputChannels, int classes, Head? head = null, IReadOnlyList<StageStride>? exits = null, long seed = 0) =>
        Create(backbone, head, inputChannels, classes, exits, new LayerFactory(), seed);

    /// <summary>A network for scoring alone: BatchNorm folded into the convolutions, kernels laid out as NHWC, no gradients.</summary>
    public static ImageNetwork CreateForScoring(
        string backbone, int inputChannels, int classes, Action<ImageNetwork> loadWeights, Device device, Head? head = null, IReadOnlyList<StageStride>? exits = null)
    {
        LayerFactory plainLayers = new();
        LayerFactory foldedLayers = new(folded: true);
        using ImageNetwork plain = Create(backbone, head, inputChannels, classes, exits, plainLayers);
        loadWeights(plain);
        ImageNetwork folded = Create(backbone, head, inputChannels, classes, exits, foldedLayers);
        CopyShared(plain, folded);
        BatchNormFolding.Fold(plainLayers, foldedLayers);
        folded.to(device);
        ChannelsLast.Apply(folded);
        ModuleScope.DetachFromDisposeScope(folded);
        folded.eval();
        foreach (Parameter parameter in folded.parameters())
        {
            parameter.requires_grad = false;
        }

        return folded;
    }

    private static ImageNetwork Create(
        string backbone, Head? head, int inputChannels, int classes, IReadOnlyList<StageStride>? exits, LayerFactory layers, long seed = 0) => ModuleScope.Make(() =>
    {
        Backbone stages = BackboneCatalog.Create(backbone, inputChannels, layers);
        ImageNetwork network = new(stages, (head ?? stages.DefaultHead).Create(stages, classes));
        if (exits is not null)
        {
            network.AddExits(exits, classes);
        }

        return network;
    }, seed);

    private static void CopyShared(ImageNetwork from, ImageNetwork to)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> source = from.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        // The biases of folded convolutions are new.
        foreach ((string name, Tensor value) in to.NamedState().Where(entry => source.ContainsKey(entry.Name)))
        {
            value.copy_(source[name]);
        }
    }
}
