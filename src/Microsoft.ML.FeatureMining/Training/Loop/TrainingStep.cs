using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// One step: augment and normalize the images; let each strategy prepare the batch; forward, stage by stage; the loss and the terms of each strategy; one
/// backward pass; one optimizer step. Nothing in it waits for the device. With gradient accumulation, or if a batch does not fit into the device's memory, the
/// batch goes through in pieces, and their gradients are accumulated.
/// </summary>
internal sealed class TrainingStep(TrainingRecipe recipe, ImageSet train, TrainingComponents parts, RandomStreams random, TrainingHost host)
{
    private readonly ClassificationLoss _criterion = recipe.Loss;
    private readonly ClassPartners _partners = new(train, parts, recipe, random);
    private int _imagesAtOnce = recipe.BatchSize;

    /// <returns>The batch's <see cref="BatchSums"/>.</returns>
    public Tensor Take(HostBatch loaded, TrainingClock clock, double rate)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor sums = Accumulate(loaded, clock);
        parts.Step(rate);
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
            catch (Exception e) when (OutOfMemory.Matches(e) && _imagesAtOnce > 1 && loaded.Count > 1)
            {
                random.Restore(before);
                _imagesAtOnce = (Math.Min(_imagesAtOnce, loaded.Count) + 1) / 2;
                host.Warn(
                    $"Out of memory on {host.Device} with a batch of {loaded.Count} images. From now on, "
                        + $"batches are split into {Pieces(loaded)} pieces with gradient accumulation."
                );
            }
        }
    }

    private Tensor BackwardInPieces(HostBatch loaded, TrainingClock clock)
    {
        using DisposeScope scope = NewDisposeScope();
        parts.Optimizer.ZeroGradients();
        Batch batch = Prepare(loaded, clock);
        Tensor sums = zeros([2], dtype: ScalarType.Float64, device: host.Device);
        int pieces = Pieces(loaded);
        for (int piece = 0; piece < pieces; piece++)
        {
            int start = piece * _imagesAtOnce,
                end = piece == pieces - 1 ? loaded.Count : start + _imagesAtOnce;
            sums = sums.Add(Backward(pieces == 1 ? batch : batch.Slice(start, end), loaded.Labels[start..end], (end - start) / (double)loaded.Count, clock));
        }

        return sums.MoveToOuterDisposeScope();
    }

    // Split like an epoch into batches: no piece has a single image, and pairs of images stay together unless half a batch is an odd number.
    private int Pieces(HostBatch loaded) => BatchLoader.Batches(loaded.Count, _imagesAtOnce);

    private Tensor Backward(Batch batch, long[] labels, double share, TrainingClock clock)
    {
        using DisposeScope scope = NewDisposeScope();
        ForwardPass pass = Forward(batch, labels, clock);
        LossLedger ledger = new();
        ledger.Add("criterion", pass.Loss());
        parts.Runs.ForEach(run => run.AddLosses(pass, ledger, clock));
        Tensor total = ledger.Total();
        (share < 1 ? total.Mul(share) : total).backward();
        return BatchSums.Of(ledger.Entries.First().Value, pass.Logits, batch.Targets, train.LabelSets is not null).MoveToOuterDisposeScope();
    }

    private Batch Prepare(HostBatch loaded, TrainingClock clock)
    {
        Batch batch = new(parts.Input.Of(loaded, recipe.Augmentations, random, recipe.InputAt(clock.Epoch)), Targets.Of(loaded, train, host.Device));
        return parts.Runs.Aggregate(batch, (current, run) => run.Prepare(current, clock));
    }

    private ForwardPass Forward(Batch batch, long[] labels, TrainingClock clock)
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
        return new ForwardPass(
            batch,
            kept,
            embedding,
            output.Logits,
            _criterion,
            output.Supervised,
            draws => _partners.Logits(labels, draws, recipe.InputAt(clock.Epoch)),
            network.LogitsOf
        );
    }
}

/// <summary>Detects libtorch's out-of-memory errors by message: TorchSharp has no exception type for them.</summary>
internal static class OutOfMemory
{
    public static bool Matches(Exception exception) =>
        exception is OutOfMemoryException
        || (
            exception is ExternalException
            && Array.Exists(
                ["out of memory", "can't allocate memory", "not enough memory"],
                text => exception.Message.Contains(text, StringComparison.OrdinalIgnoreCase)
            )
        );
}

/// <summary>
/// Clips gradients by global norm. TorchSharp's torch.nn.utils.clip_grad_norm_ returns the norm as a number, which would wait for the device.
/// </summary>
internal static class GradientClipping
{
    // The same value as in PyTorch.
    private const double Epsilon = 1e-6;

    /// <summary>Scales the gradients by min(1, maxNorm / (norm + 1e-6)), where norm is the L2 norm of all gradients together.</summary>
    public static void Clip(IReadOnlyList<Parameter> parameters, double maxNorm)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor[] gradients = [.. parameters.Select(parameter => parameter.grad!)];
        Tensor norm = stack([.. gradients.Select(gradient => gradient.norm())]).norm();
        Tensor factor = norm.Add(Epsilon).reciprocal().Mul(maxNorm).ClampMax(1);
        foreach (Tensor gradient in gradients)
        {
            gradient.mul_(factor);
        }
    }
}
