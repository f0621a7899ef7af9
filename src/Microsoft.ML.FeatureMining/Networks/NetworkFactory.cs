using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>Creates complete networks for training and for scoring.</summary>
internal static class NetworkFactory
{
    /// <summary>
    /// Creates a network on the CPU with PyTorch's default weights, drawn with <paramref name="seed"/>. <see cref="WeightInitializer"/> or a weight file sets
    /// the final weights. The default head is that of the backbone's family.
    /// </summary>
    public static ImageNetwork Create(
        string backbone,
        int inputChannels,
        int classes,
        Head? head = null,
        IReadOnlyList<StageStride>? exits = null,
        long seed = 0
    ) => Create(backbone, head, inputChannels, classes, exits, new LayerFactory(), seed);

    /// <summary>Creates a backbone alone, as in <see cref="Create(string, int, int, Head?, IReadOnlyList{StageStride}?, long)"/>.</summary>
    public static Backbone CreateBackbone(string backbone, int inputChannels, long seed) =>
        ModuleScope.Make(() => BackboneCatalog.Create(backbone, inputChannels, new LayerFactory()), seed);

    /// <summary>Creates a network for scoring only: BatchNorm folded into the convolutions, channels_last, no gradients.</summary>
    public static ImageNetwork CreateForScoring(
        string backbone,
        int inputChannels,
        int classes,
        Action<ImageNetwork> loadWeights,
        Device device,
        Head? head = null,
        IReadOnlyList<StageStride>? exits = null
    )
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
        string backbone,
        Head? head,
        int inputChannels,
        int classes,
        IReadOnlyList<StageStride>? exits,
        LayerFactory layers,
        long seed = 0
    ) =>
        ModuleScope.Make(
            () =>
            {
                Backbone stages = BackboneCatalog.Create(backbone, inputChannels, layers);
                ImageNetwork network = new(stages, (head ?? stages.DefaultHead).Create(stages, classes));
                if (exits is not null)
                {
                    network.AddExits(exits, classes);
                }

                return network;
            },
            seed
        );

    private static void CopyShared(ImageNetwork from, ImageNetwork to)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> source = from.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        // Folded convolutions have a bias that the source does not have.
        foreach ((string name, Tensor value) in to.NamedState().Where(entry => source.ContainsKey(entry.Name)))
        {
            value.copy_(source[name]);
        }
    }
}
