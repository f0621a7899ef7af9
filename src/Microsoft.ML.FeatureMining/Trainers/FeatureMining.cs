using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;
using Mining = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// The settings of <see cref="FeatureMiningImageClassificationTrainer"/>. The defaults are the paper's for CIFAR. Momentum, weight decay, crops and flips,
/// which the paper does not state, are those of the CutMix authors' code. The network, ResNet-56, has basic blocks; Backbone "cifar-resnet-56-bottleneck" has
/// those that fit the paper's memory figures.
/// </summary>
public sealed record FeatureMiningOptions : ImageClassificationOptions
{
    /// <summary>The number of last stages that Feature Mining applies to, at most all stages of the network; 0 trains without Feature Mining.</summary>
    /// <value>2, the best of the paper's Table 9.</value>
    [Range(0, int.MaxValue)]
    [SearchRange(0, 3, 2)]
    public int Stages { get; init; } = 2;

    /// <summary>How Feature Mining splits the features of a stage.</summary>
    /// <value><see cref="Segmentation.Block"/>.</value>
    public Segmentation Segmentation { get; init; }

    /// <summary>How the box of the paper's equation 1 is rounded and clipped to the feature map. Matters most on small maps.</summary>
    /// <value><see cref="BoxRule.CutMix"/>.</value>
    public BoxRule BoxRule { get; init; } = Mining.DefaultBoxRule;

    /// <summary>Whether each image of a batch gets its own mask.</summary>
    /// <value>false: one mask per iteration, as in the paper's text.</value>
    public bool MaskPerImage { get; init; }

    /// <summary>The recipe of the paper, trained from scratch: the defaults.</summary>
    public static FeatureMiningOptions Paper { get; } = new();

    /// <summary>
    /// A recipe for fine-tuning pretrained weights on a few thousand images or more: the head is fitted to the frozen features first; then all layers
    /// are trained, earlier ones at lower rates. <see cref="FineTuningCatalog.PlanFineTuning"/> chooses size and epochs for your images, machine and time.
    /// </summary>
    /// <param name="weights">The weights, see <see cref="TrainingOptions.InitialWeights"/>.</param>
    /// <param name="epochs">The number of epochs; with 0, only the head is fitted, which is better for a few hundred images.</param>
    public static FeatureMiningOptions FineTune(string weights = PretrainedWeights.ResNet18, int epochs = 10) =>
        FineTuningRecipe.Apply(new FeatureMiningOptions { InitialWeights = weights }, epochs, batch: 32);

    internal override TrainingRecipe ToRecipe(ImageShape input, long seed) =>
        base.ToRecipe(input, seed) with
        {
            Strategies =
                Stages <= 0
                    ? Strategies
                    :
                    [
                        new Mining
                        {
                            Stages = Stages,
                            Segmentation = Segmentation,
                            BoxRule = BoxRule,
                            MaskPerImage = MaskPerImage,
                        },
                        .. Strategies,
                    ],
        };
}

/// <summary>
/// Trains an image classifier with Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318). Created by
/// <c>mlContext.MulticlassClassification.Trainers.FeatureMining</c>.
/// </summary>
/// <remarks>
/// <para>In each step, a random box splits the features of a stage into the part inside and the part outside. Each part is pooled and classified by its own
/// fully connected layer, and the cross entropy of both is added to the network's loss (equations 2 to 4), so that the network also learns from parts of an
/// object. These branches are discarded after training. It is the paper's Table 1 (CIFAR-100) and Table 9 (stages, and ways to split).</para>
/// <para>Input: a key label, and images as encoded bytes, planar floats, MLImage or paths of files. Output: PredictedLabel (a key) and Score (probabilities,
/// [K]).</para>
/// </remarks>
public sealed class FeatureMiningImageClassificationTrainer : ImageClassificationTrainer
{
    internal FeatureMiningImageClassificationTrainer(IHostEnvironment environment, FeatureMiningOptions options)
        : base(environment, "FeatureMining", options) { }
}
