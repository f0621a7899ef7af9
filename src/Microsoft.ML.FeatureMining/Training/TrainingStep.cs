using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// One step: augment, normalize; each strategy prepares the batch; forward, stage by stage; the criterion and each strategy's terms; one backward pass; one step of the
/// optimizer. Nothing in it waits for the device. A batch that does not fit into the device's memory goes through in pieces whose gradients add up.
/// </summary>
internal sealed class TrainingStep(TrainingRecipe recipe, ImageSet train, TrainedParts parts, RandomStreams random, TrainingHost host)
{
    private readonly ClassificationLoss _criterion = recipe.Criterion;
    private int _pieces = 1;

    /// <returns>The batch's <see cref="BatchSums"/>.</returns>
    public Tensor Take(HostBatch loaded, TrainingClock clock, double rate)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor sums = Accumulate(loaded, clock);
        foreach (TorchSharp.Modules.ParamGroup group in parts.Optimizer.ParamGroups)
        {
            group.LearningRate = rate;
        }

        parts.Optimizer.step();
        return sums.MoveToOuterDisposeScope();
    }

    private Tensor Accumulate(HostBatch loaded, TrainingClock clock)
    {
        while (true)
        {
            IReadOnlyDictionary<string, ulong[]> before = random.Capture();
            try
            {
                return BackwardInPieces(loaded, clock);
            }
            catch (Exception e) when (OutOfMemory.IsMeantBy(e) && _pieces < loaded.Count)
            {
                random.Restore(before);
                _pieces = Math.Min(2 * _pieces, loaded.Count);
                host.Notice($"{host.Device} has no memory for a batch of {loaded.Count} images: from here on it goes through in {_pieces} pieces whose gradients add up.");
            }
        }
    }

    private Tensor BackwardInPieces(HostBatch loaded, TrainingClock clock)
    {
        using DisposeScope scope = NewDisposeScope();
        parts.Optimizer.zero_grad();
        Batch batch = Prepare(loaded, clock);
        Tensor sums = zeros([2], dtype: ScalarType.Float64, device: host.Device);
        for (int piece = 0; piece < _pieces; piece++)
        {
            (long start, long end) = (loaded.Count * (long)piece / _pieces, loaded.Count * (piece + 1L) / _pieces);
            sums = sums + Backward(_pieces == 1 ? batch : batch.Slice(start, end), (end - start) / (double)loaded.Count, clock);
        }

        return sums.MoveToOuterDisposeScope();
    }

    private Tensor Backward(Batch batch, double share, TrainingClock clock)
    {
        using DisposeScope scope = NewDisposeScope();
        ForwardPass pass = Forward(batch, clock);
        LossLedger ledger = new();
        ledger.Add("criterion", pass.Loss());
        parts.Runs.ForEach(run => run.AddLosses(pass, ledger, clock));
        Tensor total = ledger.Total();
        (share < 1 ? total * share : total).backward();
        return BatchSums.Of(ledger.Entries.First().Value, pass.Logits, batch.Targets).MoveToOuterDisposeScope();
    }

    private Batch Prepare(HostBatch loaded, TrainingClock clock)
    {
        Tensor images = DeviceBatches.Upload(loaded.Pixels, loaded.Count, train.Shape, train.Element, host.Device);
        foreach (ImageAugmentation augmentation in recipe.Augmentations)
        {
            images = augmentation.Apply(images, random[augmentation.Key]);
        }

        Tensor labels = tensor(loaded.Labels, device: host.Device);
        Batch batch = new(parts.ToInput(images), nn.functional.one_hot(labels, train.ClassCount).to(ScalarType.Float32));
        return parts.Runs.Aggregate(batch, (current, run) => run.Prepare(current, clock));
    }

    private ForwardPass Forward(Batch batch, TrainingClock clock)
    {
        ImageNetwork network = parts.Network;
        Tensor?[] kept = new Tensor?[network.Backbone.StageChannels.Count];
        Tensor features = network.Backbone.Stem(batch.Images);
        for (int stage = 0; stage < kept.Length; stage++)
        {
            features = network.Backbone.Stage(stage, features);
            foreach (StrategyRun run in parts.Runs)
            {
                features = run.OnStage(stage, features, clock);
            }

            kept[stage] = parts.KeptStages.Contains(stage) ? features : null;
        }

        Tensor embedding = network.Head.Embed(features);
        HeadOutput output = network.Head.Classify(embedding);
        return new ForwardPass(batch, kept, embedding, output.Logits, _criterion, output.Supervised);
    }
}
