using Microsoft.ML;
using Microsoft.ML.FeatureMining;

namespace Samples;

/// <summary>The library's trainers by the names that <c>--trainer</c> takes.</summary>
internal static class TrainerNames
{
    public const string Default = "feature-mining";

    /// <summary>By name: what it is, its own settings, and how it is made.</summary>
    public static IReadOnlyDictionary<
        string,
        (string What, Func<ImageClassificationOptions> Options, Func<MLContext, ImageClassificationOptions, ImageClassificationTrainer> Make)
    > All { get; } =
        new Dictionary<string, (string, Func<ImageClassificationOptions>, Func<MLContext, ImageClassificationOptions, ImageClassificationTrainer>)>(
            StringComparer.Ordinal
        )
        {
            [Default] = (
                "Feature Mining",
                () => new FeatureMiningOptions(),
                (ml, options) => ml.MulticlassClassification.Trainers.FeatureMining((FeatureMiningOptions)options)
            ),
            ["ssm"] = ("the Split-and-Share Module", () => new SsmOptions(), (ml, options) => ml.MulticlassClassification.Trainers.Ssm((SsmOptions)options)),
            ["vipf"] = (
                "the Visual Inductive Priors Framework",
                () => new VisualInductivePriorsOptions(),
                (ml, options) => ml.MulticlassClassification.Trainers.VisualInductivePriors((VisualInductivePriorsOptions)options)
            ),
            ["patch"] = (
                "patch training, for images of any number of classes",
                () => new PatchTrainingOptions(),
                (ml, options) => ml.MultilabelClassification().Trainers.PatchTraining((PatchTrainingOptions)options)
            ),
        };
}
