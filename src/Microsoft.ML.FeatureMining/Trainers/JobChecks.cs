using System.Text;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Runs;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>Checks of a Fit in several processes.</summary>
internal static class JobChecks
{
    /// <summary>A warning if there are more ranks than batches in a step; null if there are not.</summary>
    public static string? IdleRanks(TrainingRecipe recipe, int world) =>
        recipe.GradientAccumulationSteps >= world
            ? null
            : FormattableString.Invariant(
                $"{world - recipe.GradientAccumulationSteps} of {world} processes have nothing to do: they share the batches of a step, and a step has "
            )
                + FormattableString.Invariant(
                    $"{recipe.GradientAccumulationSteps}. Set GradientAccumulationSteps to a multiple of {world}; each process then computes batches of BatchSize images."
                );

    /// <summary>The name of the run, if all ranks have the same settings and images; null if there is one rank only.</summary>
    /// <exception cref="InvalidOperationException">This rank has others than rank 0.</exception>
    public static string? Key(TrainingRecipe recipe, TrainingRows rows, NamedTensors? initial, string? weights, ICommunicator ranks)
    {
        if (ranks.World == 1)
        {
            return null;
        }

        string key = RunKey.Of(recipe, rows.Train, rows.Validation, initial, weights);
        // Images that one rank can read in any order and another in sequence have other orders.
        string own = $"{key} {rows.Train.ReachesAnyImage}";
        string first = Encoding.UTF8.GetString(ranks.Share(Encoding.UTF8.GetBytes(own))!);
        return own == first
            ? key
            : throw new InvalidOperationException(
                FormattableString.Invariant(
                    $"Rank {ranks.Rank} has other settings or images than rank 0, or stores images in another way. Start all processes with the same command and files, and set Storage."
                )
            );
    }
}
