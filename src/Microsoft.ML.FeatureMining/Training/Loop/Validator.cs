using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Pixels;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// Evaluates the network on the validation set, in evaluation mode and without augmentation. The loss is plain cross entropy; for multi-label, the loss
/// function of the recipe. Ranks share the batches.
/// </summary>
internal sealed class Validator(ImageSet set, TrainingRecipe recipe, TrainingComponents parts, Device device, ICommunicator ranks)
{
    private readonly int[][] _batches = [.. BatchLoader.Cut([.. Enumerable.Range(0, set.Count)], recipe.ScoringBatchSize)];
    private readonly ClassificationLoss _loss = set.LabelSets is null ? new CrossEntropyLoss() : recipe.Loss;

    /// <param name="isCanceled">Called before each batch.</param>
    /// <returns>The mean loss and the accuracy; null if canceled.</returns>
    public (double Loss, double Accuracy)? Run(Func<bool> isCanceled)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope all = NewDisposeScope();
        Tensor sums = zeros([_batches.Length, 2], ScalarType.Float64, device);
        parts.Model.eval();
        int[] own = ranks.Own(_batches.Length);
        int done = 0;
        foreach (HostBatch batch in BatchLoader.Load(set, [.. own.Select(index => _batches[index])]))
        {
            using HostBatch loaded = batch;
            // The other ranks wait for the sums also if this one was canceled.
            if (isCanceled())
            {
                break;
            }

            using DisposeScope scope = NewDisposeScope();
            Tensor logits = parts.Model.call(parts.Input.Of(batch.Pixels, batch.Count));
            Tensor targets = Targets.Of(batch, set, device);
            sums[own[done++]].copy_(BatchSums.Of(_loss.Compute(logits, targets), logits, targets, set.LabelSets is not null));
        }

        ranks.Sum(sums);
        return done == own.Length ? Mean(sums) : null;
    }

    // Added in the order of the batches, for any number of ranks.
    private (double Loss, double Accuracy) Mean(Tensor sums)
    {
        double[] values = sums.cpu().data<double>().ToArray();
        (double loss, double hits) = (0, 0);
        for (int batch = 0; batch < _batches.Length; batch++)
        {
            (loss, hits) = (loss + values[2 * batch], hits + values[(2 * batch) + 1]);
        }

        return (loss / set.Count, hits / set.Count);
    }
}
