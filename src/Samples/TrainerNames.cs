using Microsoft.ML;
using Microsoft.ML.FeatureMining;

namespace Samples;

/// <summary>The library's trainers by their <c>--trainer</c> names.</summary>
internal static class TrainerNames
{
    public const string Default = "feature-mining";
    public const string Patch = "patch";

    /// <summary>By name: a description, the default options, and how to create the trainer.</summary>
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
            [Patch] = (
                "patch training, for multi-label images",
                () => new PatchTrainingOptions(),
                (ml, options) => ml.MultilabelClassification().Trainers.PatchTraining((PatchTrainingOptions)options)
            ),
        };
}
