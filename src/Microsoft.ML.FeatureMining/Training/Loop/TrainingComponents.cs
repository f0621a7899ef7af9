using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>Everything on the device that a run makes and throws away: network, strategies' modules, optimizer, normalization.</summary>
internal sealed class TrainingComponents : IDisposable
{
    private readonly List<(string Name, nn.Module Module)> _added = [];
    private readonly TrainingRecipe _recipe;
    private readonly WeightAverage? _average;

    /// <param name="recipe">What is trained.</param>
    /// <param name="train">The training images.</param>
    /// <param name="device">Where.</param>
    /// <param name="random">The run's streams.</param>
    /// <param name="loadWeights">Puts weights into the new network; null leaves those that were drawn.</param>
    public TrainingComponents(TrainingRecipe recipe, ImageSet train, Device device, RandomStreams random, Action<ImageNetwork>? loadWeights = null)
    {
        _recipe = recipe;
        Pixels = train.Statistics;
        Input = new NetworkInput(train.Shape, train.Element, Pixels, device, recipe.Input);
        Network = CreateNetwork(train);
        using (new ModuleScope(SeedOf("weights")))
        {
            Network.Backbone.InitializeWeights(random["weights"]);
            Network.Head.InitializeWeights(random["weights"]);
            ModuleScope.DetachFromDisposeScope(Network);
        }

        Move(Network, device);
        loadWeights?.Invoke(Network);
        RandomLayer.SetStream(Network, random["network"]);
        if (recipe.FineTuning.FrozenStages > 0)
        {
            Network.Backbone.Freeze(recipe.FineTuning.FrozenStages);
        }

        IReadOnlyList<StageShape> stages = StageShapes(recipe.Input, device);
        HashSet<int> kept = [];
        foreach (TrainingStrategy strategy in recipe.Strategies)
        {
            StrategyContext context = new(strategy.Key, stages, train.ClassCount, device, random[strategy.Key], () => AddExits(strategy.Key, stages, train.ClassCount, random, device));
            using (new ModuleScope(SeedOf(strategy.Key)))
            {
                Runs.Add(strategy.Start(context));
                context.Modules.ToList().ForEach(added => ModuleScope.DetachFromDisposeScope(added.Module));
            }

            kept.UnionWith(context.KeptStages);
            foreach ((string name, nn.Module module) in context.Modules)
            {
                Place(module, random[$"weights.{name}"], device);
                RandomLayer.SetStream(module, random[strategy.Key]);
                _added.Add((name, module));
            }
        }

        KeptStages = kept;
        Optimizer = recipe.Optimizer.Start(ParameterGroups.Of(recipe, Network, _added.Select(added => added.Module)));
        _average = recipe.EmaDecay is { } decay ? new WeightAverage(Network, Move(CreateNetwork(train, Network.ExitStrides), device), decay) : null;
        CheckOptimizerNames();
    }

    public ChannelStatistics Pixels { get; }

    public NetworkInput Input { get; }

    public ImageNetwork Network { get; }

    /// <summary>What is validated and becomes the model: the average of the weights where there is one, or else <see cref="Network"/>.</summary>
    public ImageNetwork Model => _average?.Network ?? Network;

    public List<StrategyRun> Runs { get; } = [];

    public IReadOnlySet<int> KeptStages { get; }

    public OptimizerRun Optimizer { get; }

    /// <summary>Parameters and buffers of the network, and of what the strategies added.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedState() =>
    [
        .. Network.NamedState().Select(entry => ($"network/{entry.Name}", entry.Value)),
        .. _added.SelectMany(added => added.Module.state_dict().Select(entry => ($"added/{added.Name}.{entry.Key}", entry.Value))),
    ];

    /// <summary>All tensors that the rest of a run depends on: <see cref="NamedState"/>, what the optimizer remembers, and the average of the weights.</summary>
    public IEnumerable<(string Name, Tensor Value)> WholeState() =>
    [
        .. NamedState(),
        .. Optimizer.NamedState().Select(entry => ($"optimizer/{entry.Name}", entry.Value)),
        .. _average?.Network.NamedState().Select(entry => ($"average/{entry.Name}", entry.Value)) ?? [],
    ];

    /// <summary>Whether all weights and running statistics are numbers; waits for the device.</summary>
    public bool AreFinite()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return stack([.. NamedState().Where(entry => is_floating_point(entry.Value.dtype)).Select(entry => entry.Value.isfinite().all())]).all().cpu().item<bool>();
    }

    /// <summary>Puts the network in training mode; frozen parts stay in evaluation mode.</summary>
    public void Train()
    {
        Network.train();
        if (_recipe.FineTuning.FrozenStages > 0)
        {
            Network.Backbone.SetFrozenToEval(_recipe.FineTuning.FrozenStages);
        }

        if (_recipe.FineTuning.FreezeBatchNorm)
        {
            Network.FreezeBatchNorm();
        }
    }

    /// <summary>Moves the weights by their gradients.</summary>
    public void Step(double rate)
    {
        if (_recipe.ClipGradientNorm is { } most)
        {
            GradientClipping.Clip(Optimizer.Parameters, most);
        }

        Optimizer.Step(rate);
        _average?.Update();
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        _average?.Dispose();
        _added.ForEach(added => added.Module.Dispose());
        Network.Dispose();
        Input.Dispose();
    }

    // A checkpoint keeps tensors by name.
    private void CheckOptimizerNames()
    {
        if (Optimizer.NamedState().GroupBy(entry => entry.Name).FirstOrDefault(entries => entries.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"Two tensors in the state of the optimizer '{_recipe.Optimizer.Key}' are called '{twice.Key}'. Give each a name of its own.");
        }
    }

    private ImageNetwork CreateNetwork(ImageSet train, IReadOnlyList<StageStride>? exits = null)
    {
        ImageNetwork network = NetworkFactory.Create(_recipe.Backbone, train.Shape.Channels, train.ClassCount, _recipe.Head, exits, SeedOf("network"));
        if (network.Head is VggPatchHeadModule patches)
        {
            patches.OnPatches = _recipe.OnPatches;
        }

        return network;
    }

    private IReadOnlyList<Exit> AddExits(string key, IReadOnlyList<StageShape> stages, int classes, RandomStreams random, Device device)
    {
        IReadOnlyList<Exit> exits = Network.AddExits(StageShape.Strides(stages), classes);
        foreach (Exit exit in exits)
        {
            // The stream that it would have as a module of the strategy: whether exits predict changes nothing in the training.
            Place(exit, random[$"weights.{key}.{exit.Stage}"], device);
            ModuleScope.DetachFromDisposeScope(exit);
        }

        return exits;
    }

    // For layers that draw their weights themselves. WeightInitializer draws those of convolutions and fully connected layers.
    private long SeedOf(string part) => new RandomStream(_recipe.Seed, $"modules.{part}").NextSeed();

    private static void Place(nn.Module module, RandomStream random, Device device)
    {
        WeightInitializer.Initialize(module, random);
        Move(module, device);
    }

    private static T Move<T>(T module, Device device)
        where T : nn.Module
    {
        module.to(device);
        ChannelsLast.Apply(module);
        return module;
    }

    private List<StageShape> StageShapes(ImageShape image, Device device)
    {
        Network.eval();
        using Tensor images = zeros([1, image.Channels, image.Height, image.Width], ScalarType.Float32, device);
        return [.. Network.Backbone.StageShapes(images).Select(shape => new StageShape((int)shape[1], (int)shape[2], (int)shape[3]))];
    }
}
