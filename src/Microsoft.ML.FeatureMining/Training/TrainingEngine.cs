using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Training;

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

        if (set.LabelSets is not null && !recipe.Criterion.TakesSets)
        {
            yield return $"The labels of the {name} set are sets of classes, and '{recipe.Criterion.Key}' takes a label for one class; a binary loss takes sets.";
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
