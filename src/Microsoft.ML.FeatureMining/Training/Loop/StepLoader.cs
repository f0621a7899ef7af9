using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// Loads the batches of each step that this rank computes. A step has <see cref="TrainingOptions.GradientAccumulationSteps"/> batches; rank r of N computes the
/// batches r, r + N, r + 2N and so on. The images of a batch do not depend on the number of ranks, and each batch is loaded by one rank only.
/// </summary>
internal static class StepLoader
{
    /// <param name="images">The training images.</param>
    /// <param name="order">The images of the epoch, in order.</param>
    /// <param name="recipe">The recipe, which determines the batches.</param>
    /// <param name="ranks">The ranks.</param>
    /// <param name="skip">How many steps to skip at the start.</param>
    public static IEnumerable<StepImages> Load(ImageSet images, IReadOnlyList<int> order, TrainingRecipe recipe, ICommunicator ranks, int skip)
    {
        int[][][] steps = [.. BatchLoader.Cut(order, recipe.ImagesPerStep).Skip(skip).Select(step => BatchLoader.Cut(step, recipe.BatchSize).ToArray())];
        int[][] own = [.. steps.SelectMany(step => step.Where((_, batch) => batch % ranks.World == ranks.Rank))];
        using IEnumerator<HostBatch> loaded = BatchLoader.Load(images, own).GetEnumerator();
        foreach (int[][] step in steps)
        {
            yield return new StepImages(step.Sum(batch => batch.Length), step.Length, Next);
        }

        HostBatch Next() => loaded.MoveNext() ? loaded.Current : throw new InvalidOperationException("The loader has no more batches.");
    }
}

/// <summary>The images of one step.</summary>
/// <param name="Count">The number of images, on all ranks.</param>
/// <param name="Batches">The number of batches, on all ranks.</param>
/// <param name="Next">Returns the next batch of this rank; the caller disposes it.</param>
internal sealed record StepImages(int Count, int Batches, Func<HostBatch> Next);
