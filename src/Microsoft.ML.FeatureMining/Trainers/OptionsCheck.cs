using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>Finds everything that is wrong with a trainer's options, so that one message can list it.</summary>
internal static class OptionsCheck
{
    /// <exception cref="ArgumentException">Something is wrong; the message lists everything.</exception>
    public static void Check(ImageClassificationOptions options)
    {
        List<string> problems = [.. Problems(options)];
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, ["The options cannot be used:", .. problems.Select(problem => "- " + problem)]), nameof(options));
        }
    }

    /// <summary>All that is wrong; empty if nothing is.</summary>
    public static IEnumerable<string> Problems(ImageClassificationOptions options)
    {
        List<string> problems = [.. SettingsValidator.Problems(options), .. options.OwnProblems()];
        // Null settings make no recipe.
        if (options.Strategies is not null && options.Augmentations is not null)
        {
            TrainingRecipe recipe = options.ToRecipe(options.ToPreprocessing().Shape, seed: 0);
            problems.AddRange([.. recipe.Problems(), .. ArtifactManifest.Problems(recipe)]);
        }

        return problems.Distinct();
    }
}

/// <summary>The options that a trainer's overload without options stands for.</summary>
internal static class ShortOptions
{
    /// <summary>The trainer's own settings but for these. A warm-up takes at most a tenth of the epochs.</summary>
    public static TOptions Of<TOptions>(
        string labelColumnName, string imageColumnName, string scoreColumnName, string predictedLabelColumnName, string backbone, int epochs, IDataView? validationSet)
        where TOptions : ImageClassificationOptions, new()
    {
        ImageClassificationOptions own = new TOptions();
        return (TOptions)(own with
        {
            LabelColumnName = labelColumnName,
            ImageColumnName = imageColumnName,
            ScoreColumnName = scoreColumnName,
            PredictedLabelColumnName = predictedLabelColumnName,
            Backbone = backbone,
            Epochs = epochs,
            WarmupEpochs = Math.Clamp(epochs / 10.0, 0, own.WarmupEpochs),
            ValidationSet = validationSet,
        });
    }
}
