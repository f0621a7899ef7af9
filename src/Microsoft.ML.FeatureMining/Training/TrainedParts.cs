using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Everything on the device that a run makes and throws away: network, strategies' modules, optimizer, normalization.</summary>
internal sealed class TrainedParts : IDisposable
{
    private readonly List<(string Name, nn.Module Module)> _added = [];
    private readonly Normalization _normalization;

    /// <param name="recipe">What is trained.</param>
    /// <param name="train">The training images.</param>
    /// <param name="device">Where.</param>
    /// <param name="random">The run's streams.</param>
    /// <param name="loadWeights">Puts weights into the new network; null leaves those that were drawn.</param>
    public TrainedParts(TrainingRecipe recipe, ImageSet train, Device device, RandomStreams random, Action<ImageNetwork>? loadWeights = null)
    {
        Pixels = train.Statistics;
        _normalization = new Normalization(Pixels.Mean, Pixels.Std, device);
        Network = NetworkFactory.Create(recipe.Backbone, train.Shape.Channels, train.ClassCount, recipe.Head);
        Place(Network, random["weights"], device);
        loadWeights?.Invoke(Network);
        Network.DrawFrom(random["network"]);
        IReadOnlyList<StageShape> stages = StageShapes(train.Shape, device);
        HashSet<int> kept = [];
        foreach (TrainingStrategy strategy in recipe.Strategies)
        {
            StrategyContext context = new(strategy.Key, stages, train.ClassCount, device, random[strategy.Key]);
            using (NewDisposeScope())
            {
                Runs.Add(strategy.Start(context));
                context.Modules.ToList().ForEach(added => ModuleScope.Keep(added.Module));
            }

            kept.UnionWith(context.KeptStages);
            foreach ((string name, nn.Module module) in context.Modules)
            {
                Place(module, random[$"weights.{name}"], device);
                _added.Add((name, module));
            }
        }

        KeptStages = kept;
        IEnumerable<Parameter> parameters = Network.parameters().Concat(_added.SelectMany(added => added.Module.parameters()));
        Optimizer = optim.SGD(parameters, recipe.LearningRate, recipe.Momentum, weight_decay: recipe.WeightDecay, nesterov: recipe.Nesterov);
    }

    public ChannelStatistics Pixels { get; }

    public ImageNetwork Network { get; }

    public List<StrategyRun> Runs { get; } = [];

    public IReadOnlySet<int> KeptStages { get; }

    public OptimizerHelper Optimizer { get; }

    /// <summary>Parameters and buffers of the network, and of what the strategies added.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedState() =>
    [
        .. Network.NamedState().Select(entry => ($"network/{entry.Name}", entry.Value)),
        .. _added.SelectMany(added => added.Module.state_dict().Select(entry => ($"added/{added.Name}.{entry.Key}", entry.Value))),
    ];

    /// <summary>Whether all weights and running statistics are numbers; waits for the device.</summary>
    public bool AreFinite()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return stack([.. NamedState().Where(entry => is_floating_point(entry.Value.dtype)).Select(entry => entry.Value.isfinite().all())]).all().cpu().ToBoolean();
    }

    /// <summary>From raw images to what the network takes: normalized, laid out as NHWC.</summary>
    public Tensor ToInput(Tensor images) => ChannelsLast.Of(_normalization.Apply(images));

    public void Dispose()
    {
        Optimizer.Dispose();
        _added.ForEach(added => added.Module.Dispose());
        Network.Dispose();
        _normalization.Dispose();
    }

    private static void Place(nn.Module module, RandomStream random, Device device)
    {
        WeightInitializer.Initialize(module, random);
        module.to(device);
        ChannelsLast.Apply(module);
    }

    private List<StageShape> StageShapes(ImageShape image, Device device)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Network.eval();
        List<StageShape> shapes = [];
        Tensor features = Network.Backbone.Stem(zeros([1, image.Channels, image.Height, image.Width], device: device));
        for (int stage = 0; stage < Network.Backbone.StageChannels.Count; stage++)
        {
            features = Network.Backbone.Stage(stage, features);
            shapes.Add(new StageShape((int)features.shape[1], (int)features.shape[2], (int)features.shape[3]));
        }

        return shapes;
    }
}
