using System.Diagnostics;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// The loop: load, augment, normalize; each strategy prepares the batch; forward, stage by stage; the criterion and each strategy's terms; one backward pass; one
/// step. Nothing in a step waits for the device but the report, every few steps.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly TrainingRecipe _recipe;
    private readonly ImageSet _train;
    private readonly TrainingHost _host;
    private readonly TrainedParts _parts;
    private readonly Validator? _validator;
    private readonly ClassificationLoss _criterion;
    private readonly LearningRatePlan _plan;
    private readonly RandomStreams _random;
    private readonly ProgressReporter _progress;
    private readonly int _stepsPerEpoch;

    public TrainingLoop(TrainingRecipe recipe, ImageSet train, ImageSet? validation, TrainingHost host)
    {
        (_recipe, _train, _host) = (recipe, train, host);
        _random = new RandomStreams(recipe.Seed);
        _criterion = recipe.Criterion;
        _stepsPerEpoch = (train.Count + recipe.BatchSize - 1) / recipe.BatchSize;
        _plan = new LearningRatePlan(recipe, _stepsPerEpoch);
        _parts = new TrainedParts(recipe, train, host.Device, _random);
        _validator = validation is null ? null : new Validator(validation, recipe.ValidationBatchSize, _parts, host.Device);
        _progress = new ProgressReporter(host.Progress, recipe.Epochs, _stepsPerEpoch);
    }

    public TrainingOutcome Run()
    {
        List<EpochMetrics> history = [];
        BestWeights best = new(_recipe.EarlyStopping);
        TrainingEnd end = TrainingEnd.Completed;
        for (int epoch = 0; epoch < _recipe.Epochs; epoch++)
        {
            if (!RunEpoch(epoch, out EpochMetrics metrics))
            {
                end = TrainingEnd.Cancelled;
                break;
            }

            history.Add(metrics);
            if (_recipe.Keep == KeepWeights.Best || _recipe.EarlyStopping is not null)
            {
                best.Offer(metrics, _parts.Network);
            }

            _parts.Runs.ForEach(run => run.EndEpoch(metrics));
            _progress.EpochEnded(metrics);
            if (best.IsStale(metrics))
            {
                end = TrainingEnd.StoppedEarly;
                break;
            }
        }

        return _recipe.Keep == KeepWeights.Best && best.Weights is { } weights
            ? new TrainingOutcome(weights, best.Epoch, history, end, _parts.Pixels)
            : new TrainingOutcome(NamedTensors.Of(_parts.Network), history.Count, history, end, _parts.Pixels);
    }

    public void Dispose() => _parts.Dispose();

    private bool RunEpoch(int epoch, out EpochMetrics metrics)
    {
        metrics = null!;
        long began = Stopwatch.GetTimestamp();
        using RunningMetrics running = new(_host.Device);
        _parts.Network.train();
        _progress.EpochBegan();
        double rate = 0;
        int step = 0;
        foreach (HostBatch loaded in BatchLoader.Load(_train, _random["shuffle"].Permutation(_train.Count), _recipe.BatchSize))
        {
            if (_host.IsCancelled())
            {
                return false;
            }

            TrainingClock clock = new(epoch, _recipe.Epochs, step++, _stepsPerEpoch);
            rate = _plan.At(clock);
            Step(loaded, clock, rate, running);
            if (step % _recipe.ReportEverySteps == 0 || step == _stepsPerEpoch)
            {
                Report(epoch, step, rate, running);
            }
        }

        (double loss, double accuracy) = running.Read();
        (double Loss, double Accuracy)? validated = _validator?.Run();
        metrics = new EpochMetrics(epoch + 1, rate, loss, accuracy, validated?.Loss, validated?.Accuracy, Stopwatch.GetElapsedTime(began).TotalSeconds);
        return true;
    }

    private void Step(HostBatch loaded, TrainingClock clock, double rate, RunningMetrics running)
    {
        using DisposeScope scope = NewDisposeScope();
        Batch batch = Prepare(loaded, clock);
        ForwardPass pass = Forward(batch, clock);

        LossLedger ledger = new();
        ledger.Add("criterion", _criterion.Compute(pass.Logits, batch.Targets));
        _parts.Runs.ForEach(run => run.AddLosses(pass, ledger, clock));

        _parts.Optimizer.zero_grad();
        ledger.Total().backward();
        foreach (TorchSharp.Modules.ParamGroup group in _parts.Optimizer.ParamGroups)
        {
            group.LearningRate = rate;
        }

        _parts.Optimizer.step();
        running.Add(ledger.Entries.First().Value, pass.Logits, batch.Targets);
    }

    private Batch Prepare(HostBatch loaded, TrainingClock clock)
    {
        Tensor images = DeviceBatches.Upload(loaded.Pixels, loaded.Count, _train.Shape, _train.Element, _host.Device);
        foreach (ImageAugmentation augmentation in _recipe.Augmentations)
        {
            images = augmentation.Apply(images, _random[augmentation.Key]);
        }

        Tensor labels = tensor(loaded.Labels, device: _host.Device);
        Batch batch = new(_parts.ToInput(images), nn.functional.one_hot(labels, _train.ClassCount).to(ScalarType.Float32));
        return _parts.Runs.Aggregate(batch, (current, run) => run.Prepare(current, clock));
    }

    private ForwardPass Forward(Batch batch, TrainingClock clock)
    {
        ImageNetwork network = _parts.Network;
        Tensor?[] kept = new Tensor?[network.Backbone.StageChannels.Count];
        Tensor features = network.Backbone.Stem(batch.Images);
        for (int stage = 0; stage < kept.Length; stage++)
        {
            features = network.Backbone.Stage(stage, features);
            foreach (StrategyRun run in _parts.Runs)
            {
                features = run.OnStage(stage, features, clock);
            }

            kept[stage] = _parts.KeptStages.Contains(stage) ? features : null;
        }

        Tensor embedding = ImageNetwork.Pool(features);
        return new ForwardPass(batch, kept, embedding, network.Head.call(embedding), _criterion);
    }

    private void Report(int epoch, int step, double rate, RunningMetrics running)
    {
        (double loss, double accuracy) = running.Read();
        if (!double.IsFinite(loss))
        {
            throw new TrainingDivergedException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"The loss became {loss} in epoch {epoch + 1}, at or before step {step}, with learning rate {rate:g4}. A lower rate or a warm-up usually helps."));
        }

        _progress.Stepped(epoch + 1, step, loss, accuracy, rate, running.Images);
    }
}
