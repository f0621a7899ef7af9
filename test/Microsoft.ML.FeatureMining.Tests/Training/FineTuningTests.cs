using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Frozen parameters, and learning rate and weight decay of the others.</summary>
public sealed class FineTuningTests : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Recipe = TinyRun.Recipe with { Epochs = 1, KeepWeights = KeepWeights.Last, WeightDecay = 0.1 };

    private static readonly string[] Optimizers = ["sgd", "adamw", "rmsprop-tf"];

    public static TheoryData<string, int, string> Freezings
    {
        get
        {
            TheoryData<string, int, string> data = [];
            foreach (string optimizer in Optimizers)
            {
                data.Add(optimizer, 1, "conv1,bn1,layer1");
                data.Add(optimizer, 2, "conv1,bn1,layer1,layer2");
                data.Add(optimizer, 3, "conv1,bn1,layer1,layer2,layer3");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Freezings))]
    public void Fit_FrozenStages_ChangesOnlyTheOtherTensors(string optimizer, int stages, string frozen)
    {
        TrainingRecipe recipe = Recipe with
        {
            Optimizer = OptimizerCatalog.Create(optimizer),
            FineTuning = new FineTuning { FrozenStages = stages },
        };

        string[] changed = Changed(Initial(recipe), TinyRun.Fit(recipe));

        string[] prefixes = frozen.Split(',');
        Assert.Equal(Initial(recipe).Weights.Tensors.Select(tensor => tensor.Name).Where(name => !prefixes.Contains(name.Split('.')[0])), changed);
        Assert.Contains("fc.weight", changed);
    }

    [Fact]
    public void Fit_FrozenStages_ComputeNoGradient()
    {
        Probe probe = new();

        TinyRun.Fit(
            Recipe with
            {
                FineTuning = new FineTuning { FrozenStages = 2 },
                Strategies = [probe],
            }
        );

        Assert.Equal([false, false, true], probe.NeedsGradient.Take(3));
    }

    [Theory]
    [InlineData(-1, "must be at least 0; it is -1")]
    [InlineData(4, "must be at most 3, the number of stages of 'cifar-resnet-8'; it is 4")]
    public void Problems_FrozenStagesOutOfRange_AreListed(int stages, string expected) =>
        Assert.Contains(expected, Assert.Single((Recipe with { FineTuning = new FineTuning { FrozenStages = stages } }).Problems()));

    [Theory]
    [InlineData(0)]
    [InlineData(1.5)]
    [InlineData(double.NaN)]
    public void Problems_FactorOutOfRange_IsListed(double factor) =>
        Assert.Contains(
            "BackboneLearningRateFactor",
            Assert.Single((Recipe with { FineTuning = new FineTuning { BackboneLearningRateFactor = factor } }).Problems())
        );

    [Fact]
    public void Fit_FreezeBatchNorm_KeepsStatisticsAndTrainsWeights()
    {
        TrainingRecipe recipe = Recipe with
        {
            FineTuning = new FineTuning { FreezeBatchNorm = true },
            Epochs = 2,
        };

        string[] changed = Changed(Initial(recipe), TinyRun.Fit(recipe, validation: TinyData.Bands(8)));

        Assert.Equal(
            Initial(recipe).Weights.Tensors.Select(tensor => tensor.Name).Where(name => !name.Contains("running_") && !name.Contains("num_batches")),
            changed
        );
    }

    [Fact]
    public void Fit_BackboneLearningRateFactor_ScalesTheFirstStepOfTheBackbone()
    {
        // All 20 images at once: one step.
        TrainingRecipe whole = Recipe with
        {
            BatchSize = 20,
            Optimizer = new SgdOptimizer(),
        };
        TrainingOutcome initial = Initial(whole),
            slow = TinyRun.Fit(whole with { FineTuning = new FineTuning { BackboneLearningRateFactor = 0.01 } });
        TrainingOutcome fast = TinyRun.Fit(whole);

        foreach ((string name, double factor) in new[] { ("layer1.0.conv1.weight", 0.01), ("layer3.0.bn2.bias", 0.01), ("fc.weight", 1.0), ("fc.bias", 1.0) })
        {
            float[] expected = [.. Moves(initial, fast, name).Select(move => (float)(factor * move))];
            TensorAssert.CloseValues(expected, Moves(initial, slow, name), 1e-3, name);
        }
    }

    [Fact]
    public void Groups_PlainRecipe_IsOneGroupInTheNetworksOrder()
    {
        using ImageNetwork network = NetworkFactory.Create("cifar-resnet-8", 1, 2);

        ParameterGroup group = Assert.Single(ParameterGroups.Of(Recipe, network, []));

        Assert.Equal(network.parameters(), group.Parameters);
        Assert.Equal((1, 0.1), (group.LearningRateFactor, group.WeightDecay));
    }

    [Theory]
    [InlineData("cifar-resnet-8")]
    [InlineData("densenet-16-12")]
    public void Groups_NoDecayOnNormAndBias_ExcludesOneDimensionalParameters(string backbone)
    {
        using ImageNetwork network = NetworkFactory.Create(backbone, 1, 2);
        using TorchSharp.Modules.Linear added = nn.Linear(2, 2);
        network.Backbone.Freeze(1);
        TrainingRecipe recipe = Recipe with
        {
            NoDecayOnNormAndBias = true,
            FineTuning = new FineTuning { BackboneLearningRateFactor = 0.5 },
        };

        IReadOnlyList<ParameterGroup> groups = ParameterGroups.Of(recipe, network, [added]);

        Assert.Equal([(0.5, 0), (0.5, 0.1), (1, 0), (1, 0.1)], groups.Select(group => (group.LearningRateFactor, group.WeightDecay)).Order());
        Assert.All(groups, group => Assert.All(group.Parameters, parameter => Assert.Equal(group.WeightDecay > 0, parameter.dim() > 1)));
        Assert.Equal(
            network.parameters().Concat(added.parameters()).Where(parameter => parameter.requires_grad).ToHashSet(),
            groups.SelectMany(group => group.Parameters).ToHashSet()
        );
        Assert.Equal(
            network.Head.parameters().Concat(added.parameters()).Count(),
            groups.Where(group => group.LearningRateFactor == 1).Sum(group => group.Parameters.Count)
        );
    }

    private static TrainingOutcome Initial(TrainingRecipe recipe) => TinyRun.Fit(recipe, canceled: () => true);

    private static string[] Changed(TrainingOutcome before, TrainingOutcome after) =>
        [
            .. before
                .Weights.Tensors.Zip(after.Weights.Tensors)
                .Where(pair => !pair.First.Bytes.SequenceEqual(pair.Second.Bytes))
                .Select(pair => pair.First.Name),
        ];

    private static float[] Moves(TrainingOutcome before, TrainingOutcome after, string name) =>
        [.. Values(before, name).Zip(Values(after, name), (from, to) => to - from)];

    private static float[] Values(TrainingOutcome outcome, string name) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(outcome.Weights.Tensors.Single(tensor => tensor.Name == name).Bytes).ToArray();

    /// <summary>Records which stages' outputs require a gradient.</summary>
    private sealed record Probe : TrainingStrategy
    {
        public override string Key => "probe";

        public List<bool> NeedsGradient { get; } = [];

        protected internal override StrategyRun Start(StrategyContext context) => new Run(this);

        private sealed class Run(Probe probe) : StrategyRun
        {
            public override Tensor OnStage(int stage, Tensor features, TrainingClock clock)
            {
                probe.NeedsGradient.Add(features.requires_grad);
                return features;
            }
        }
    }
}
