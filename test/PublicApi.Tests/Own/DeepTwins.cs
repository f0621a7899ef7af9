using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PublicApi.Tests.Own;

/// <summary>
/// A strategy that uses all hooks: noise on a stage, exits with losses, a module with a buffer, predictions for partner images, and the metrics of each epoch.
/// </summary>
internal sealed record DeepTwins : TrainingStrategy
{
    public override string Key => "deep-twins";

    public double Weight { get; init; } = 0.5;

    public bool Predict { get; init; }

    protected override StrategyTraits Traits => StrategyTraits.NeedsOneClass | StrategyTraits.DrawsImages;

    public override IEnumerable<string> Problems(int stageCount) => stageCount >= 2 ? [] : ["Deep twins need two stages."];

    protected override StrategyRun Start(StrategyContext context) => new Run(this, context);

    private sealed class Run : StrategyRun
    {
        private readonly DeepTwins _settings;
        private readonly RandomStream _random;
        private readonly IReadOnlyList<Exit> _exits;
        private readonly StreamDropout _dropout;
        private readonly Linear _deepest;
        private readonly MeanEmbedding _mean;

        public Run(DeepTwins settings, StrategyContext context)
        {
            (_settings, _random, _exits) = (settings, context.Random, context.AddExits(settings.Predict));
            foreach (Exit exit in _exits)
            {
                context.KeepStage(exit.Stage);
            }

            context.KeepStage(context.Stages.Count - 1);
            _dropout = context.AddModule("dropout", new StreamDropout(0.2));
            _deepest = context.AddModule("deepest", nn.Linear(context.Stages[^1].Channels, context.ClassCount));
            _mean = context.AddModule("mean", new MeanEmbedding(context.Stages[^1].Channels));
        }

        public override Tensor OnStage(int stage, Tensor features, TrainingClock clock) =>
            stage == 0 ? features * (1 + 0.1 * _random.NextGaussian()) : features;

        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            foreach (Exit exit in _exits)
            {
                Tensor logits = exit.call(exit.Embed(pass.Stage(exit.Stage)));
                ledger.Add($"deep-twins.{exit.Stage}", pass.Criterion.Compute(logits, pass.Batch.Targets), _settings.Weight);
            }

            int last = _exits.Count;
            ledger.Add(
                "deep-twins.deepest",
                pass.Criterion.Compute(_deepest.call(_dropout.call(pass.PooledStage(last))), pass.Batch.Targets),
                _settings.Weight
            );
            Tensor twins = nn.functional.softmax(pass.PartnerLogits(_random), 1);
            ledger.Add("deep-twins.partners", (twins * nn.functional.log_softmax(pass.Logits, 1)).sum(1).mean().neg(), _settings.Weight);
            ledger.Add("deep-twins.mean", (pass.Embedding.mean(new long[] { 0 }) - _mean.Value).square().mean(), _settings.Weight * clock.Progress);
            _mean.Follow(pass.Embedding);
        }

        public override void EndEpoch(EpochMetrics metrics) => _mean.Halve(metrics.TrainAccuracy);
    }

    /// <summary>State that a resumed run needs is in a buffer.</summary>
    private sealed class MeanEmbedding : nn.Module
    {
        public MeanEmbedding(int channels)
            : base(nameof(MeanEmbedding)) => register_buffer("value", zeros(channels));

        // A copy, because the buffer changes before the backward pass.
        public Tensor Value => get_buffer("value")!.clone();

        public void Follow(Tensor embedding)
        {
            using IDisposable noGrad = no_grad();
            get_buffer("value")!.mul_(0.9).add_(embedding.mean(new long[] { 0 }), 0.1);
        }

        public void Halve(double accuracy)
        {
            using IDisposable noGrad = no_grad();
            get_buffer("value")!.mul_(1 - accuracy / 2);
        }
    }
}
