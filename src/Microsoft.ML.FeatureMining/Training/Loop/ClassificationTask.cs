using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>Trains a classifier: each strategy prepares the batch; forward, stage by stage; the criterion and the terms of each strategy.</summary>
internal sealed class ClassificationTask : TrainingTask
{
    private readonly TrainingRecipe _recipe;
    private readonly TrainingHost _host;
    private readonly RandomStreams _random;
    private readonly TrainingComponents _parts;
    private readonly Validator? _validator;
    private readonly ClassificationLoss _criterion;
    private readonly ClassPartners _partners;

    public ClassificationTask(TrainingRecipe recipe, ImageSet train, ImageSet? validation, RandomStreams random, TrainingHost host)
    {
        (_recipe, Images, _random, _host, _criterion) = (recipe, train, random, host, recipe.Loss);
        _parts = new TrainingComponents(recipe, train, host.Device, random, host.LoadWeights, host.LoadTeacher, host.Warn);
        _partners = new ClassPartners(train, _parts, recipe, random);
        _validator = validation is null ? null : new Validator(validation, recipe, _parts, host.Device, host.Ranks);
    }

    public override ImageSet Images { get; }

    public override ChannelStatistics Pixels => _parts.Pixels;

    public override OptimizerRun Optimizer => _parts.Optimizer;

    public override bool Validates => _validator is not null;

    public override IReadOnlyList<StageStride>? Exits => _parts.Model.ExitStrides;

    protected override ImageNetwork Model => _parts.Model;

    public override IEnumerable<(string Name, Tensor Value)> ModelState() => Model.NamedState();

    public override IEnumerable<(string Name, Tensor Value)> TrainedState() => _parts.Network.NamedState();

    public override IEnumerable<(string Name, Tensor Value)> NamedState() => _parts.NamedState();

    public override IEnumerable<(string Name, Tensor Value)> AverageState() => _parts.AverageState();

    public override IEnumerable<nn.Module> Modules() => _parts.Modules();

    public override int[] DrawOrder() =>
        _parts.Runs.Aggregate(
            _recipe.Sampling == Sampling.Balanced ? Images.DrawBalanced(_random["balanced-sampling"]) : Images.DrawOrder(_random["shuffle"]),
            (order, run) => run.Order(order, Images.Labels, _recipe.BatchSize)
        );

    public override void Train() => _parts.Train();

    public override Func<int, int, PieceLoss> Prepare(HostBatch loaded, TrainingClock clock)
    {
        Batch batch = new(_parts.Input.Of(loaded, _recipe.Augmentations, _random, _recipe.InputAt(clock.Epoch)), Targets.Of(loaded, Images, _host.Device));
        batch = _parts.Runs.Aggregate(batch, (current, run) => run.Prepare(current, clock));
        return (start, end) => Loss(end - start == loaded.Count ? batch : batch.Slice(start, end), loaded.Labels[start..end], clock);
    }

    public override void UpdateAverage() => _parts.UpdateAverage();

    public override bool FitHead(RunningMetrics metrics, Func<bool> isCanceled) =>
        new HeadFit(Images, _recipe, _parts, _random["head-fit"], _host.Device).Run(metrics, isCanceled);

    public override (double Loss, double Accuracy)? Validate(Func<bool> isCanceled) => _validator!.Run(isCanceled);

    public override void EndEpoch(EpochMetrics metrics) => _parts.Runs.ForEach(run => run.EndEpoch(metrics));

    public override void Dispose() => _parts.Dispose();

    private PieceLoss Loss(Batch batch, long[] labels, TrainingClock clock)
    {
        ForwardPass pass = Forward(batch, labels, clock);
        LossLedger ledger = new();
        ledger.Add("criterion", pass.Loss());
        _parts.Runs.ForEach(run => run.AddLosses(pass, ledger, clock));
        Tensor criterion = ledger.Entries.First().Value;
        return new PieceLoss(ledger.Total(), BatchSums.Of(criterion, pass.Logits, batch.Targets, Images.LabelSets is not null));
    }

    private ForwardPass Forward(Batch batch, long[] labels, TrainingClock clock)
    {
        (Backbone backbone, HeadModule head) = (_parts.Backbone, _parts.Network.Head);
        Tensor?[] kept = new Tensor?[backbone.StageChannels.Count];
        List<Tensor> last = [];
        Tensor features = backbone.Stem(batch.Images);
        for (int stage = 0; stage < kept.Length; stage++)
        {
            features = backbone.Stage(stage, features);
            foreach (StrategyRun run in _parts.Runs)
            {
                features = run.OnStage(stage, features, clock);
            }

            if (stage >= kept.Length - head.Stages)
            {
                last.Add(features);
            }

            kept[stage] = _parts.KeptStages.Contains(stage) ? _parts.Float32(features) : null;
        }

        Tensor embedding = _parts.Embed(last);
        HeadOutput output = head.Classify(embedding);
        return new ForwardPass(
            batch,
            kept,
            embedding,
            output.Logits,
            _criterion,
            output.Supervised,
            draws => _partners.Logits(labels, draws, _recipe.InputAt(clock.Epoch)),
            _parts.LogitsOf
        );
    }
}
