using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Pixels;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// Evaluates the network on the validation set, in evaluation mode and without augmentation. The loss is plain cross entropy; for multi-label, the loss
/// function of the recipe.
/// </summary>
internal sealed class Validator(ImageSet set, TrainingRecipe recipe, TrainingComponents parts, Device device)
{
    private readonly int[] _order = [.. Enumerable.Range(0, set.Count)];
    private readonly ClassificationLoss _loss = set.LabelSets is null ? new CrossEntropyLoss() : recipe.Loss;

    /// <param name="isCanceled">Called before each batch.</param>
    /// <returns>The mean loss and the accuracy; null if canceled.</returns>
    public (double Loss, double Accuracy)? Run(Func<bool> isCanceled)
    {
        using IDisposable noGrad = no_grad();
        using RunningMetrics running = new(device);
        parts.Model.eval();
        foreach (HostBatch batch in BatchLoader.Load(set, _order, recipe.ScoringBatchSize))
        {
            using HostBatch done = batch;
            if (isCanceled())
            {
                return null;
            }

            using DisposeScope scope = NewDisposeScope();
            Tensor logits = parts.Model.call(parts.Input.Of(batch.Pixels, batch.Count));
            Tensor targets = Targets.Of(batch, set, device);
            running.Add(BatchSums.Of(_loss.Compute(logits, targets), logits, targets, set.LabelSets is not null), batch.Count);
        }

        return running.Read();
    }
}
