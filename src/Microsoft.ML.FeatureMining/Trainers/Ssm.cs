using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// The settings of <see cref="SsmTrainer"/>. The defaults are the paper's for ImageNet: ResNet-50, 224x224 pixels, batch size 256, 90 epochs, the learning rate
/// divided by 10 at epochs 30 and 60, images resized to the shape 256x256 (which changes their aspect ratio), crops of 224 pixels. For small images, set <see
/// cref="ImageTrainerOptions.Backbone"/>, ImageHeight and ImageWidth, and use <see cref="ImageClassificationOptions.CropPadding"/> instead of <see
/// cref="ImageClassificationOptions.CropRatio"/>.
/// </summary>
public sealed record SsmOptions : ImageClassificationOptions
{
    /// <summary>The paper's settings.</summary>
    public SsmOptions()
    {
        Epochs = 90;
        BatchSize = 256;
        Optimizer = new SgdOptimizer { Nesterov = false };
        Head = new SplitAndShareHead();
        Schedule = new StepSchedule { Milestones = [1.0 / 3, 2.0 / 3] };
        CropPadding = 0;
        Resize = ResizeRule.Squash;
    }

    internal override PaperInput PublishedInput => new("resnet-50", 224, 224.0 / 256);

    internal override IEnumerable<string> TrainerProblems() =>
        Head is SplitAndShareHead
            ? base.TrainerProblems()
            : base.TrainerProblems().Append("Head must be a SplitAndShareHead for the Ssm trainer. For another head, use the FeatureMining trainer.");
}

/// <summary>
/// Trains an image classifier with the Split-and-Share Module (Lee et al. 2021, "Exploiting Features with Split-and-Share Module"). Created by
/// <c>mlContext.MulticlassClassification.Trainers.Ssm</c>.
/// </summary>
/// <remarks>
/// <para>The pooled features are split into n parts, 4 by default. Classifier i sees the first i parts, after BatchNorm and ReLU for all classifiers but the
/// last. The output is the average of all logits, and the cross entropy is computed on it. The first channels serve all classifiers and learn the most
/// important features; the last channels serve one classifier and learn the context. This is Table 1 of the paper (ImageNet) and Table 2 (each classifier
/// alone, and <see cref="Networks.Heads.SplitAndShareHead.IndividualLosses"/>). The plain rows, 2FC and 3FC of Table 4 have other heads: train them with the
/// FeatureMining trainer, without stages and with the settings of <see cref="SsmOptions"/>.</para>
/// <para>Input: a key label, and images as encoded bytes, planar floats, MLImage or paths of files. Output: PredictedLabel (a key) and Score (probabilities,
/// [K]).</para>
/// </remarks>
public sealed class SsmTrainer : ImageClassificationTrainer
{
    internal SsmTrainer(IHostEnvironment environment, SsmOptions options)
        : base(environment, "Ssm", options) { }
}
