using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>All validation errors of a part: the ranges of its properties and its own rules.</summary>
internal static class PartProblems
{
    public static IReadOnlyList<string> Of(object part, int stageCount = 3) =>
        [
            .. SettingsValidator.Problems(part),
            .. part switch
            {
                ImageAugmentation augmentation => augmentation.Problems(),
                ClassificationLoss loss => loss.Problems(),
                Optimizer optimizer => optimizer.Problems(),
                LearningRateSchedule schedule => schedule.Problems(),
                TrainingStrategy strategy => strategy.Problems(stageCount),
                _ => throw new ArgumentException($"{part.GetType()} is not a part.", nameof(part)),
            },
        ];
}
