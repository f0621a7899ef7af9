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
        bool finished = ForOwnBatches(set, _batches, ranks, isCanceled, Score);
        ranks.Sum(sums);
        return finished ? Mean(sums) : null;

        void Score(HostBatch batch, int number)
        {
            Tensor logits = parts.Model.call(parts.Input.Of(batch.Pixels, batch.Count));
            Tensor targets = Targets.Of(batch, set, device);
            sums[number].copy_(BatchSums.Of(_loss.Compute(logits, targets), logits, targets, set.LabelSets is not null));
        }
    }

    /// <summary>Loads the batches of this rank, every World-th one.</summary>
    /// <param name="set">The images.</param>
    /// <param name="batches">The indices of the images of all batches.</param>
    /// <param name="ranks">The ranks that share them.</param>
    /// <param name="isCanceled">Called before each batch.</param>
    /// <param name="act">Receives a batch and its number, in a dispose scope of its own.</param>
    /// <returns>Whether it was not canceled. The other ranks wait for the sums also if it was.</returns>
    public static bool ForOwnBatches(ImageSet set, int[][] batches, ICommunicator ranks, Func<bool> isCanceled, Action<HostBatch, int> act)
    {
        int number = ranks.Rank;
        foreach (HostBatch batch in BatchLoader.Load(set, [.. batches.Where((_, index) => index % ranks.World == ranks.Rank)]))
        {
            using HostBatch loaded = batch;
            if (isCanceled())
            {
                return false;
            }

            using DisposeScope scope = NewDisposeScope();
            act(batch, number);
            number += ranks.World;
        }

        return true;
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
