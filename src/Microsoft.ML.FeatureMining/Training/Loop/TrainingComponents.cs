using System.Runtime.InteropServices;
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

/// <summary>All objects of a run that have memory on the device: network, modules of strategies, optimizer, input normalization.</summary>
internal sealed class TrainingComponents : IDisposable
{
    private readonly List<(string Name, nn.Module Module)> _added = [];
    private readonly List<Teacher> _teachers = [];
    private readonly TrainingRecipe _recipe;
    private readonly WeightAverage<ImageNetwork>? _average;
    private readonly BFloat16Backbone? _bfloat16;

    /// <param name="recipe">The training recipe.</param>
    /// <param name="train">The training images.</param>
    /// <param name="device">The training device.</param>
    /// <param name="random">The random streams of the run.</param>
    /// <param name="loadWeights">Loads initial weights into the network; null keeps the random ones.</param>
    /// <param name="loadTeacher">Loads the models of a teacher; null if there are none.</param>
    /// <param name="warn">Receives warnings of strategies; null ignores them.</param>
    /// <exception cref="ArgumentException">A strategy cannot work with this network.</exception>
    public TrainingComponents(
        TrainingRecipe recipe,
        ImageSet train,
        Device device,
        RandomStreams random,
        Action<ImageNetwork>? loadWeights = null,
        Func<IReadOnlyList<string>, ChannelStatistics, Teacher>? loadTeacher = null,
        Action<string>? warn = null
    )
    {
        _recipe = recipe;
        Pixels = recipe.Normalization ?? train.Statistics;
        Input = new NetworkInput(train.Shape, train.Element, Pixels, device, recipe.Input);
        Network = CreateNetwork(train);
        using (new ModuleScope(SeedOf("weights")))
        {
            Network.Backbone.InitializeWeights(random["weights"]);
            Network.Head.InitializeWeights(random["weights"]);
            ModuleScope.DetachFromDisposeScope(Network);
        }

        try
        {
            Move(Network, device);
            loadWeights?.Invoke(Network);
            RandomLayer.SetStream(Network, random["network"]);
            Freezing.Apply(recipe.FineTuning, Network.Backbone);
            IReadOnlyList<StageShape> stages = StageShapes(recipe.Input, device);
            CheckSmallest(recipe.InputAt(0), device);
            CheckEmbedding(stages, device);
            HashSet<int> kept = [];
            foreach (TrainingStrategy strategy in recipe.Strategies)
            {
                StrategyContext context = new(
                    strategy.Key,
                    stages,
                    train.ClassCount,
                    device,
                    random[strategy.Key],
                    () => AddExits(strategy.Key, stages, train.ClassCount, random, device),
                    loadTeacher is null ? null : paths => Keep(loadTeacher(paths, Pixels)),
                    warn
                );
                using (new ModuleScope(SeedOf(strategy.Key)))
                {
                    Runs.Add(strategy.Start(context));
                    context.Modules.ToList().ForEach(added => ModuleScope.DetachFromDisposeScope(added.Module));
                }

                kept.UnionWith(context.KeptStages);
                _added.AddRange(context.Modules);
                foreach ((string name, nn.Module module) in context.Modules)
                {
                    InitializeAndMove(module, random[$"weights.{name}"], device);
                    RandomLayer.SetStream(module, random[strategy.Key]);
                }
            }

            KeptStages = kept;
            Optimizer = recipe.Optimizer.Start(ParameterGroups.Of(recipe, Network, _added.Select(added => added.Module)));
            _bfloat16 = BFloat16Backbone.Of(recipe, Network.Backbone, Optimizer.Flat, random, warn);
            _average = recipe.EmaDecay is { } decay
                ? new WeightAverage<ImageNetwork>(Network, Move(CreateNetwork(train, Network.ExitStrides), device), decay)
                : null;
            CheckOptimizerNames();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public ChannelStatistics Pixels { get; }

    public NetworkInput Input { get; }

    public ImageNetwork Network { get; }

    /// <summary>What computes features in a training step: the backbone of <see cref="Network"/>, or its copy with another precision.</summary>
    public Backbone Backbone => (Backbone?)_bfloat16 ?? Network.Backbone;

    /// <summary>The network that is validated and becomes the model: the EMA if there is one, else <see cref="Network"/>.</summary>
    public ImageNetwork Model => _average?.Network ?? Network;

    public List<StrategyRun> Runs { get; } = [];

    public IReadOnlySet<int> KeptStages { get; }

    public OptimizerRun Optimizer { get; }

    /// <summary>The network and the modules that strategies added.</summary>
    public IEnumerable<nn.Module> Modules() => [Network, .. _added.Select(added => added.Module)];

    /// <summary>Parameters and buffers of the network and of the modules that strategies added.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedState() =>
        [
            .. Network.NamedState().Select(entry => ($"network/{entry.Name}", entry.Value)),
            .. _added.SelectMany(added => added.Module.state_dict().Select(entry => ($"added/{added.Name}.{entry.Key}", entry.Value))),
        ];

    /// <summary>Parameters and buffers of the EMA of the weights; empty without one.</summary>
    public IEnumerable<(string Name, Tensor Value)> AverageState() => _average?.Network.NamedState() ?? [];

    /// <summary>Puts the network in training mode; frozen parts stay in evaluation mode.</summary>
    public void Train()
    {
        _bfloat16?.train();
        _bfloat16?.Update();
        Freezing.Train(_recipe.FineTuning, Network, Backbone);
    }

    /// <summary>The features of a stage in float32, for the head and for strategies.</summary>
    public Tensor Float32(Tensor features) => _bfloat16 is null ? features : features.to(ScalarType.Float32);

    /// <summary>The logits [N,K] of the classifier alone, without exits, as in a training step.</summary>
    public Tensor LogitsOf(Tensor images) => Network.Head.Classify(Embed(Backbone.LastStages(images, Network.Head.Stages))).Logits;

    /// <summary>From the features of the stages that the head uses, in any precision, to the embedding [N,E].</summary>
    public Tensor Embed(IEnumerable<Tensor> stages) => Network.Head.Embed([.. stages.Select(Float32)]);

    /// <summary>The EMA starts again from the current weights.</summary>
    public void RestartAverage() => _average?.Restart();

    /// <summary>Updates the EMA after a step.</summary>
    public void UpdateAverage() => _average?.Update();

    public void Dispose()
    {
        // Null if the constructor failed before.
        Optimizer?.Dispose();
        _bfloat16?.Dispose();
        _average?.Dispose();
        _added.ForEach(added => added.Module.Dispose());
        _teachers.ForEach(teacher => teacher.Dispose());
        Network.Dispose();
        Input.Dispose();
    }

    private Teacher Keep(Teacher teacher)
    {
        _teachers.Add(teacher);
        return teacher;
    }

    // A checkpoint stores tensors by name.
    private void CheckOptimizerNames()
    {
        if (Optimizer.NamedState().GroupBy(entry => entry.Name).FirstOrDefault(entries => entries.Count() > 1) is { } twice)
        {
            throw new ArgumentException(
                $"The state of the optimizer '{_recipe.Optimizer.Key}' has two tensors with the name '{twice.Key}'. Use unique names in NamedState."
            );
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
            // The same stream as for a module of the strategy, so that Predict does not change the training.
            InitializeAndMove(exit, random[$"weights.{key}.{exit.Stage}"], device);
            ModuleScope.DetachFromDisposeScope(exit);
        }

        return exits;
    }

    // Seeds layers that initialize their own weights; WeightInitializer initializes convolutions and fully connected layers.
    private long SeedOf(string part) => new RandomStream(_recipe.Seed, $"modules.{part}").NextSeed();

    private static void InitializeAndMove(nn.Module module, RandomStream random, Device device)
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

    // The first epoch has the smallest images. A backbone that halves them too often cannot process them.
    private void CheckSmallest(ImageShape image, Device device)
    {
        if (image == _recipe.Input)
        {
            return;
        }

        try
        {
            StageShapes(image, device);
        }
        catch (ExternalException e)
        {
            throw new ArgumentException(
                $"The backbone '{_recipe.Backbone}' cannot process the images of {image.Height}x{image.Width} pixels that ProgressiveResizing starts with. "
                    + "Raise its StartFraction or SizeMultiple.",
                e
            );
        }
    }

    // A head of the user may say that it pools, although it does not.
    private void CheckEmbedding(IReadOnlyList<StageShape> stages, Device device)
    {
        if (_recipe.Strategies.FirstOrDefault(strategy => strategy.Traits.HasFlag(StrategyTraits.NeedsPooledEmbedding)) is not { } strategy)
        {
            return;
        }

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long[] embedding = Embed(
            stages.TakeLast(Network.Head.Stages).Select(stage => zeros([1, stage.Channels, stage.Height, stage.Width], ScalarType.Float32, device))
        ).shape;
        StageShape last = stages[^1];
        if (!embedding.SequenceEqual([1, last.Channels]))
        {
            throw new ArgumentException(
                $"The strategy '{strategy.Key}' needs a head that averages the features of the last stage over all positions, to [N,{last.Channels}], but the embedding of "
                    + $"{Network.Head.GetType()} has shape [N,{string.Join(',', embedding.Skip(1))}]. Use another head, or remove the strategy."
            );
        }
    }

    private List<StageShape> StageShapes(ImageShape image, Device device)
    {
        Network.eval();
        using Tensor images = zeros([1, image.Channels, image.Height, image.Width], ScalarType.Float32, device);
        return [.. Network.Backbone.StageShapes(images).Select(shape => new StageShape((int)shape[1], (int)shape[2], (int)shape[3]))];
    }
}
