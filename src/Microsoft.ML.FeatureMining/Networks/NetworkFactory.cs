using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Weights;
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

    /// <summary>Creates a network with the given weights on the CPU.</summary>
    /// <exception cref="InvalidDataException">The weights are those of another network.</exception>
    public static ImageNetwork Load(
        string backbone,
        int inputChannels,
        int classes,
        NamedTensors weights,
        Head? head = null,
        IReadOnlyList<StageStride>? exits = null
    ) => Load(layers => Create(backbone, head, inputChannels, classes, exits, layers), new LayerFactory(), weights);

    /// <summary>Creates a classifier for scoring only.</summary>
    /// <inheritdoc cref="CreateForScoring{TNetwork}"/>
    public static ImageNetwork CreateForScoring(
        string backbone,
        int inputChannels,
        int classes,
        NamedTensors weights,
        Device device,
        Head? head = null,
        IReadOnlyList<StageStride>? exits = null
    ) => CreateForScoring(layers => Create(backbone, head, inputChannels, classes, exits, layers), weights, device);

    /// <summary>Creates a network for scoring only: BatchNorm folded into the convolutions, channels_last, evaluation mode, no gradients.</summary>
    /// <param name="create">Creates the network on the CPU with the layers of a factory. Called twice.</param>
    /// <param name="weights">The weights of the network with BatchNorm.</param>
    /// <param name="device">The device of the result.</param>
    /// <exception cref="InvalidDataException">The weights are those of another network.</exception>
    public static TNetwork CreateForScoring<TNetwork>(Func<LayerFactory, TNetwork> create, NamedTensors weights, Device device)
        where TNetwork : nn.Module, INamedState
    {
        LayerFactory plainLayers = new();
        LayerFactory foldedLayers = new(folded: true);
        using TNetwork plain = Load(create, plainLayers, weights);
        TNetwork folded = Empty(create, foldedLayers, weights);
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

    private static TNetwork Load<TNetwork>(Func<LayerFactory, TNetwork> create, LayerFactory layers, NamedTensors weights)
        where TNetwork : nn.Module, INamedState
    {
        TNetwork network = Empty(create, layers, weights);
        try
        {
            weights.CopyTo(network.NamedState());
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static TNetwork Empty<TNetwork>(Func<LayerFactory, TNetwork> create, LayerFactory layers, NamedTensors weights)
    {
        using IDisposable loaded = WeightLayers.ForWeights(weights.Count);
        try
        {
            return create(layers);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"The model's manifest is damaged: {e.Message}", e);
        }
    }

    private static void CopyShared(INamedState from, INamedState to)
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
