using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>The one engine under all trainers.</summary>
internal static class TrainingEngine
{
    /// <summary>Trains a network from scratch.</summary>
    /// <exception cref="ArgumentException">The recipe, or the sets, cannot be trained; the message lists every reason.</exception>
    /// <exception cref="TrainingDivergedException">The loss became infinite or no number.</exception>
    public static TrainingOutcome Fit(TrainingRecipe recipe, ImageSet train, ImageSet? validation, TrainingHost host)
    {
        List<string> problems = [.. recipe.Problems(), .. SetProblems("training", recipe, train), .. DrawingProblems(recipe, train)];
        if (validation is not null)
        {
            problems.AddRange(SetProblems("validation", recipe, validation));
        }
        else if (recipe.EarlyStopping is not null)
        {
            problems.Add("Early stopping watches the validation accuracy, and there is no validation set.");
        }

        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(recipe));
        }

        NativeHeap.KeepFreed();
        try
        {
            using TorchScope scope = new(gradients: true);
            using TrainingLoop loop = new(recipe, train, validation, host);
            return loop.Run();
        }
        finally
        {
            NativeHeap.Trim();
        }
    }

    private static IEnumerable<string> DrawingProblems(TrainingRecipe recipe, ImageSet train) =>
        from strategy in recipe.Strategies
        where strategy.Traits.HasFlag(StrategyTraits.DrawsImages) && !train.ReachesAnyImage
        select $"The training rows are streamed one after the other, and the strategy '{strategy.Key}' draws from all of them; let the image column be one of paths (text), or keep the images in memory or on the disk.";

    private static IEnumerable<string> SetProblems(string name, TrainingRecipe recipe, ImageSet set)
    {
        if (set.Count == 0)
        {
            yield return $"The {name} set has no images.";
        }

        if (set.ClassCount < 2)
        {
            yield return $"The {name} set has {set.ClassCount} class; telling apart takes at least 2.";
        }

        if (set.LabelSets is not null && !recipe.Loss.IsMultilabel)
        {
            yield return $"The labels of the {name} set are sets of classes, and '{recipe.Loss.Key}' takes a label for one class; a binary loss takes sets.";
        }

        foreach (TrainingStrategy strategy in recipe.Strategies.Where(strategy => set.LabelSets is not null && strategy.Traits.HasFlag(StrategyTraits.NeedsOneClass)))
        {
            yield return $"The labels of the {name} set are sets of classes, and the strategy '{strategy.Key}' takes a label for one class; leave it out.";
        }

        if (set.Shape != recipe.Kept)
        {
            yield return $"The images of the {name} set are {set.Shape}; the recipe says {recipe.Kept}.";
        }
    }
}

/// <summary>What surrounds a run and is no part of its recipe.</summary>
internal sealed record TrainingHost(Device Device)
{
    /// <summary>Told every few steps and at the end of each epoch, on the training thread.</summary>
    public Action<TrainingProgress>? Progress { get; init; }

    /// <summary>Told, in a sentence, what the user should know of and the run gets over.</summary>
    public Action<string> Notice { get; init; } = _ => { };

    /// <summary>Asked before each step; true ends the run there.</summary>
    public Func<bool> IsCanceled { get; init; } = () => false;

    /// <summary>Puts the weights that <see cref="Training.TrainingOptions.InitialWeights"/> names into a new network; null where it names none.</summary>
    public Action<ImageNetwork>? LoadWeights { get; init; }

    /// <summary>Where the run keeps its state; null keeps none.</summary>
    public ICheckpointStore? Checkpoints { get; init; }
}

/// <summary>What a run gave.</summary>
/// <param name="Recipe">What was run.</param>
/// <param name="Weights">The weights that <see cref="Training.TrainingOptions.KeepWeights"/> asked for.</param>
/// <param name="Epoch">The epoch, from 1, whose weights they are; 0 where not one was finished.</param>
/// <param name="History">Each finished epoch.</param>
/// <param name="End">Why the run ended.</param>
/// <param name="Pixels">The training pixels' statistics, by which the network's input is normalized.</param>
internal sealed record TrainingOutcome(
    TrainingRecipe Recipe, NamedTensors Weights, int Epoch, IReadOnlyList<EpochMetrics> History, TrainingEnd End, ChannelStatistics Pixels)
{
    /// <summary>How the network's exits bridge its stages, where it predicts with exits.</summary>
    public IReadOnlyList<StageStride>? Exits { get; init; }

    /// <summary>Each epoch of a run before this one, where the method takes two.</summary>
    public IReadOnlyList<EpochMetrics> EarlierHistory { get; init; } = [];
}
