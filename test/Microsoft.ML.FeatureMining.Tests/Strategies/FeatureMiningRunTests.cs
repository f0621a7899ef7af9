using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using static TorchSharp.torch;
using Strategy = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>Complete runs with Feature Mining.</summary>
public sealed class FeatureMiningRunTests : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Plain = TinyRun.Recipe with { Augmentations = [new PadCropFlip { Padding = 1 }] };

    [Fact]
    public void Fit_WithFeatureMining_ExportsOnlyTheNetwork()
    {
        TrainingOutcome plain = TinyRun.Fit(Plain);
        TrainingOutcome mined = TinyRun.Fit(Plain with { Strategies = [new Strategy()] });

        Assert.Equal(plain.Weights.Tensors.Select(tensor => tensor.Name), mined.Weights.Tensors.Select(tensor => tensor.Name));
        Assert.NotEqual(TinyRun.Bits(plain), TinyRun.Bits(mined));
        using ImageNetwork network = NetworkFactory.Create(Plain.Backbone, 1, classes: 2);
        mined.Weights.CopyTo(network);
    }

    [Fact]
    public void Fit_WithFeatureMining_SeesTheSameBatchesAsWithout()
    {
        Assert.Equal(BatchesOf(Plain), BatchesOf(Plain with { Strategies = [new Strategy()] }));

        static List<string> BatchesOf(TrainingRecipe recipe)
        {
            BatchRecorder recorder = new();
            TinyRun.Fit(recipe with { Strategies = [recorder, .. recipe.Strategies] });
            return recorder.Batches;
        }
    }

    [Fact]
    public void Fit_StrategyThatDoesNothing_IsBitIdenticalToThePlainRun() =>
        Assert.Equal(TinyRun.Bits(TinyRun.Fit(Plain)), TinyRun.Bits(TinyRun.Fit(Plain with { Strategies = [new BatchRecorder()] })));

    [Fact]
    public void Fit_WeightlessTerms_GivesTheWeightsOfThePlainRun()
    {
        // Without weight decay and with terms of weight 0, the branches must not change the backbone.
        TrainingRecipe plain = Plain with
        {
            WeightDecay = 0,
        };

        Assert.Equal(TinyRun.Bits(TinyRun.Fit(plain)), TinyRun.Bits(TinyRun.Fit(plain with { Strategies = [new Weightless()] })));
    }

    [Fact]
    public void Fit_InitialWeights_MatchThePlainRun()
    {
        TrainingRecipe stopped = Plain with { KeepWeights = KeepWeights.Last };

        Assert.Equal(
            TinyRun.Bits(TinyRun.Fit(stopped, canceled: () => true)),
            TinyRun.Bits(TinyRun.Fit(stopped with { Strategies = [new Strategy()] }, canceled: () => true))
        );
    }

    /// <summary>Records each batch without changing it.</summary>
    private sealed record BatchRecorder : TrainingStrategy
    {
        public override string Key => "batch-recorder";

        public List<string> Batches { get; } = [];

        protected internal override StrategyRun Start(StrategyContext context) => new Run(Batches);

        private sealed class Run(List<string> batches) : StrategyRun
        {
            public override Batch Prepare(Batch batch, TrainingClock clock)
            {
                batches.Add($"{clock} {string.Join(' ', TensorAssert.Values(batch.Images))} {string.Join(' ', TensorAssert.Values(batch.Targets))}");
                return batch;
            }
        }
    }

    /// <summary>Adds a classifier on the last stage with a loss of weight 0.</summary>
    private sealed record Weightless : TrainingStrategy
    {
        public override string Key => "weightless";

        protected internal override StrategyRun Start(StrategyContext context) =>
            new Run(context.AddModule("fc", nn.Linear(context.Stages[^1].Channels, context.ClassCount)));

        private sealed class Run(nn.Module<Tensor, Tensor> fc) : StrategyRun
        {
            public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock) =>
                ledger.Add("weightless", pass.Criterion.Compute(fc.call(pass.Embedding.detach()), pass.Batch.Targets), weight: 0);
        }
    }
}
