using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// The settings of <see cref="SsmTrainer"/>. The defaults are the paper's for ImageNet: ResNet-50 on 224 by 224 pixels, batches of 256, 90 epochs, a tenth of the rate at 30
/// and 60, crops of 224 pixels out of 256. For small images set <see cref="Training.TrainingOptions.Backbone"/>, ImageHeight and ImageWidth, and
/// <see cref="ImageClassificationOptions.CropPadding"/> instead of <see cref="Training.TrainingOptions.CropRatio"/>.
/// </summary>
public sealed record SsmOptions : ImageClassificationOptions
{
    /// <summary>The paper's settings.</summary>
    public SsmOptions()
    {
        Backbone = "resnet-50";
        ImageHeight = 224;
        ImageWidth = 224;
        Epochs = 90;
        BatchSize = 256;
        Optimizer = new SgdOptimizer { Nesterov = false };
        Head = new SplitAndShareHead();
        Schedule = new StepSchedule { Milestones = [1.0 / 3, 2.0 / 3] };
        CropPadding = 0;
        CropRatio = 224.0 / 256;
    }

    internal override IEnumerable<string> OwnProblems() =>
        Head is SplitAndShareHead ? base.OwnProblems() : base.OwnProblems().Append("Head must be a SplitAndShareHead for this trainer; with another head use the FeatureMining trainer.");
}

/// <summary>
/// Trains an image classifier with the Split-and-Share Module (Lee et al. 2021, "Exploiting Features with Split-and-Share Module"). Made by
/// <c>mlContext.MulticlassClassification.Trainers.Ssm</c>.
/// </summary>
/// <remarks>
/// <para>The pooled features are split into n parts, 4 by default; classifier i sees the first i of them, behind BatchNorm and ReLU for all but the last, and the output is the
/// average of all logits, on which the cross entropy is taken. So the first channels serve every classifier and learn what matters most, the last serve one and learn the
/// context. Reproduces Table 1 (ImageNet), Table 2 (each classifier by itself) and, with other heads of <see cref="Training.TrainingOptions.Head"/>, Table 4.</para>
/// <para>Input: a label that is a key, and pictures as encoded bytes, planar floats or MLImage. Output: PredictedLabel, the label's key; Score, the probabilities [K].</para>
/// </remarks>
public sealed class SsmTrainer : ImageClassificationTrainer
{
    internal SsmTrainer(IHostEnvironment environment, SsmOptions options)
        : base(environment, "Ssm", options)
    {
    }
}
