using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;
using Mining = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining;

/// <summary>The settings of <see cref="FeatureMiningImageClassificationTrainer"/>. The defaults are the paper's for CIFAR.</summary>
public sealed record FeatureMiningOptions : ImageClassificationOptions
{
    /// <summary>How many of the network's last stages are mined, up to all of them; 0 trains without Feature Mining.</summary>
    /// <value>2, the best of the paper's Table 9.</value>
    [Range(0, int.MaxValue)]
    [SearchRange(0, 3, 2)]
    public int Stages { get; init; } = 2;

    /// <summary>How Feature Mining cuts the features of a stage.</summary>
    /// <value><see cref="Segmentation.Block"/>.</value>
    public Segmentation Segmentation { get; init; }

    /// <summary>Whether each image of a batch is cut by a mask of its own.</summary>
    /// <value>false: one mask an iteration, as the paper's text has it.</value>
    public bool MaskPerImage { get; init; }

    internal override TrainingRecipe ToRecipe(ImageShape input, long seed) => base.ToRecipe(input, seed) with
    {
        Strategies = Stages <= 0 ? Strategies : [new Mining { Stages = Stages, Segmentation = Segmentation, MaskPerImage = MaskPerImage }, .. Strategies],
    };
}

/// <summary>
/// Trains an image classifier with Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318). Made by <c>mlContext.MulticlassClassification.Trainers.FeatureMining</c>.
/// </summary>
/// <remarks>
/// <para>In each step a random box cuts the features of a stage into what lies inside and what lies outside; each part is pooled, goes through a fully connected layer of its
/// own, and its cross entropy is added to the network's (equations 2 to 4), so that the network learns from parts of an object, too. The branches are thrown away after
/// training. Reproduces Table 1 (CIFAR-100) and Table 9 (stages, and ways to cut).</para>
/// <para>Input: a label that is a key, and pictures as encoded bytes, planar floats or MLImage. Output: PredictedLabel, the label's key; Score, the probabilities [K].</para>
/// </remarks>
public sealed class FeatureMiningImageClassificationTrainer : ImageClassificationTrainer
{
    internal FeatureMiningImageClassificationTrainer(IHostEnvironment environment, FeatureMiningOptions options)
        : base(environment, "FeatureMining", options)
    {
    }
}
