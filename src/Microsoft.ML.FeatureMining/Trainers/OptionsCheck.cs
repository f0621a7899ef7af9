using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>Finds everything that is wrong with a trainer's options, so that one message can list it.</summary>
internal static class OptionsCheck
{
    /// <exception cref="ArgumentException">Something is wrong; the message lists everything.</exception>
    public static void Check(ImageTrainerOptions options) => Check([.. Problems(options)]);

    /// <exception cref="ArgumentException">There are problems; the message lists them.</exception>
    public static void Check(IReadOnlyList<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new ArgumentException(
                string.Join(Environment.NewLine, ["The options are invalid:", .. problems.Select(problem => "- " + problem)]),
                "options"
            );
        }
    }

    /// <summary>Lists all problems; empty if the options are valid.</summary>
    public static IEnumerable<string> Problems(ImageTrainerOptions options)
    {
        List<string> problems = [.. SettingsValidator.Problems(options), .. options.TrainerProblems()];
        // A recipe cannot be made of null settings.
        if (options.Strategies is not null && options.Augmentations is not null)
        {
            TrainingRecipe recipe = options.ToRecipe(options.ToPreprocessing().Shape, seed: 0);
            problems.AddRange([.. recipe.Problems(), .. ModelManifest.Problems(recipe)]);
        }

        return problems.Distinct();
    }
}

/// <summary>Options for the catalog overloads that take column names instead of options.</summary>
internal static class ShortOptions
{
    /// <summary>The trainer's defaults, with these values set. The warm-up is limited to a tenth of the epochs.</summary>
    public static TOptions Of<TOptions>(
        string labelColumnName,
        string imageColumnName,
        string scoreColumnName,
        string predictedLabelColumnName,
        string backbone,
        int epochs,
        IDataView? validationSet
    )
        where TOptions : ImageClassificationOptions, new()
    {
        ArgumentNullException.ThrowIfNull(labelColumnName);
        ArgumentNullException.ThrowIfNull(imageColumnName);
        ArgumentNullException.ThrowIfNull(scoreColumnName);
        ArgumentNullException.ThrowIfNull(predictedLabelColumnName);
        ArgumentNullException.ThrowIfNull(backbone);
        ImageClassificationOptions defaults = new TOptions();
        return (TOptions)(
            defaults with
            {
                LabelColumnName = labelColumnName,
                ImageColumnName = imageColumnName,
                ScoreColumnName = scoreColumnName,
                PredictedLabelColumnName = predictedLabelColumnName,
                Backbone = backbone,
                Epochs = epochs,
                WarmupEpochs = Math.Clamp(epochs / 10.0, 0, defaults.WarmupEpochs),
                ValidationSet = validationSet,
            }
        );
    }
}
