using System.Globalization;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Microsoft.ML.Runtime;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// The settings of <see cref="SsmTrainer"/>. The defaults are the paper's for ImageNet: ResNet-50 on 224 by 224 pixels, batches of 256, 90 epochs, a tenth of the rate at 30
/// and 60, crops of 224 pixels out of 256. For small images set <see cref="ImageClassificationOptions.Backbone"/>, ImageHeight and ImageWidth, and
/// <see cref="ImageClassificationOptions.CropPadding"/> instead of <see cref="ImageClassificationOptions.CropRatio"/>.
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
        Nesterov = false;
        Schedule = new StepSchedule { Milestones = [1.0 / 3, 2.0 / 3] };
        CropPadding = 0;
        CropRatio = 224.0 / 256;
    }

    /// <summary>How many classifiers there are; classifier i of n sees the first i/n of the channels. 2 to 99, and no more than the last stage has channels.</summary>
    /// <value>4.</value>
    [Range(2, 8, 4)]
    public int Splits { get; init; } = 4;

    /// <summary>Whether each classifier is trained by itself (Table 2, "SSM-individual") instead of their average.</summary>
    /// <value>false.</value>
    [BooleanChoice(false)]
    public bool IndividualLosses { get; init; }

    /// <summary>Whether BatchNorm and ReLU stand before all classifiers (Algorithm 1) instead of before all but the last (the text).</summary>
    /// <value>false.</value>
    public bool NormalizeAll { get; init; }

    internal override TrainingRecipe ToRecipe(ImageShape input, long seed) => base.ToRecipe(input, seed) with
    {
        Head = string.Create(CultureInfo.InvariantCulture, $"ssm-{Splits}{(IndividualLosses ? "-individual" : "")}{(NormalizeAll ? "-all" : "")}"),
    };

    internal override IEnumerable<string> OwnProblems() => Splits is < 2 or > 99 ? [$"Splits lies between 2 and 99; it is {Splits}."] : [];
}

/// <summary>
/// Trains an image classifier with the Split-and-Share Module (Lee et al. 2021, "Exploiting Features with Split-and-Share Module"). Made by
/// <c>mlContext.MulticlassClassification.Trainers.Ssm</c>.
/// </summary>
/// <remarks>
/// <para>The pooled features are split into n parts, 4 by default; classifier i sees the first i of them, behind BatchNorm and ReLU for all but the last, and the output is the
/// average of all logits, on which the cross entropy is taken. So the first channels serve every classifier and learn what matters most, the last serve one and learn the
/// context. Reproduces Table 1 (ImageNet), Table 2 (each classifier by itself) and, with other heads of <see cref="FeatureMiningOptions.Head"/>, Table 4.</para>
/// <para>Input: a label that is a key, and pictures as encoded bytes, planar floats or MLImage. Output: PredictedLabel, the label's key; Score, the probabilities [K].</para>
/// </remarks>
public sealed class SsmTrainer : ImageClassificationTrainer
{
    internal SsmTrainer(IHostEnvironment environment, SsmOptions options)
        : base(environment, "Ssm", options)
    {
    }
}
