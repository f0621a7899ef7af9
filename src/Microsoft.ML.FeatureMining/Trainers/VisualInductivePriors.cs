using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// The settings of <see cref="VisualInductivePriorsTrainer"/>. The defaults are the paper's recipe for 224x224 pixels and 360 epochs; each part can be
/// disabled. The paper uses steps of 1024 images (64 on each of 16 devices) and learning rate 0.1. The default here is 64 images per step and 1/16 of that
/// rate; to get the paper's steps, set GradientAccumulationSteps = 16 and LearningRate = 0.1.
/// </summary>
public sealed record VisualInductivePriorsOptions : ImageClassificationOptions
{
    /// <summary>The paper's settings.</summary>
    public VisualInductivePriorsOptions()
    {
        Epochs = 360;
        BatchSize = 64;
        LearningRate = 0.1 * 64 / 1024;
        Schedule = new CosineSchedule();
        WarmupEpochs = 5;
        Loss = new PositiveClassLoss { LabelSmoothing = 0.1 };
        Head = new LinearHead { DualPool = true, Dropout = 0.2 };
        CropPadding = 0;
        Augmentations = [new RandomResizedCrop()];
        TestTimeAugmentation = TestTimeAugmentation.TenCrop;
    }

    /// <summary>
    /// The weight of the center loss (equation 6, averaged over the batch), at least 0; 0 disables it. To sum over the batch or for other centers, set 0 here
    /// and add a <see cref="CenterLoss"/> to the strategies.
    /// </summary>
    /// <value>0.0005. The paper's text literally says 1 for this weight and 0.0005 for tree supervision, which contradicts the paper that introduced the center
    /// loss.</value>
    [Range(0.0, double.MaxValue)]
    public double CenterLossWeight { get; init; } = 0.0005;

    /// <summary>
    /// The weight of tree supervision (equation 7), at least 0; 0 disables it. For the equation as printed, set 0 here and add a <see cref="TreeSupervision"/>
    /// with <see cref="PathScore.InnerProducts"/> to the strategies.
    /// </summary>
    /// <value>1.</value>
    [Range(0.0, double.MaxValue)]
    public double TreeSupervisionWeight { get; init; } = 1;

    /// <summary>The class hierarchy for tree supervision.</summary>
    /// <value>null: Fit trains twice. The first network is trained without tree supervision, and the hierarchy is induced from its classifier. The second
    /// network is trained with that hierarchy and becomes the model.</value>
    [JsonIgnore]
    public ClassHierarchy? Hierarchy { get; init; }

    /// <summary>The probability that CutMix is applied to a batch, in [0, 1].</summary>
    /// <value>0.5, the best of Table 4.</value>
    [Range(0.0, 1.0)]
    [SearchRange(0.0, 1.0, 0.5)]
    public double CutMixProbability { get; init; } = 0.5;

    /// <summary>Whether Fit must induce the hierarchy first.</summary>
    internal bool InducesHierarchy => TreeSupervisionWeight > 0 && Hierarchy is null;

    internal override PaperInput PublishedInput => new("dsk-resnext-50-32x4d", 224);

    internal override TrainingRecipe ToRecipe(ImageShape input, long seed) =>
        base.ToRecipe(input, seed) with
        {
            Strategies = [.. OwnStrategies(), .. Strategies],
        };

    private IEnumerable<TrainingStrategy> OwnStrategies()
    {
        if (CutMixProbability is > 0 and <= 1)
        {
            yield return new CutMix { Probability = CutMixProbability };
        }

        if (CenterLossWeight is > 0 and < double.PositiveInfinity)
        {
            yield return new CenterLoss { Weight = CenterLossWeight };
        }

        if (TreeSupervisionWeight is > 0 and < double.PositiveInfinity && Hierarchy is not null)
        {
            yield return new TreeSupervision { Weight = TreeSupervisionWeight, Hierarchy = Hierarchy };
        }
    }
}

/// <summary>
/// Trains an image classifier from few images with the Visual Inductive Priors Framework (Sun et al. 2020, "A visual inductive priors framework for
/// data-efficient image classification"). Created by <c>mlContext.MulticlassClassification.Trainers.VisualInductivePriors</c>.
/// </summary>
/// <remarks>
/// <para>A dual selective kernel network: each block adds one of two branches, chosen at random, to its skip connection (equation 2). The loss is the sum of
/// the positive class loss, the center loss and the tree supervision loss (equation 3: L = alpha L_PCL + beta L_CL + gamma L_TSL). Training uses random resized
/// crops, flips, CutMix, label smoothing, dropout, dual pooling, warm-up and a cosine schedule; the model scores ten crops. These are Table 1 of the paper
/// (network and losses), Table 2 (tree supervision), Tables 4 and 5 (CutMix and the other tricks).</para>
/// <para>Input: a key label, and images as encoded bytes, planar floats, MLImage or paths of files. Output: PredictedLabel (a key) and Score (probabilities,
/// [K]).</para>
/// </remarks>
public sealed class VisualInductivePriorsTrainer : ImageClassificationTrainer
{
    private readonly VisualInductivePriorsOptions _options;

    internal VisualInductivePriorsTrainer(IHostEnvironment environment, VisualInductivePriorsOptions options)
        : base(environment, "VisualInductivePriors", options) => _options = options;

    private protected override TrainingOutcome Train(FitRun run, TrainingRecipe recipe, TrainingRows rows)
    {
        if (!_options.InducesHierarchy)
        {
            return run.Train(recipe, rows);
        }

        run.Info("No class Hierarchy is given. A first network is trained to induce one from its classifier, then a second network is trained with it.");
        TrainingOutcome first = run.Train(recipe, rows);
        if (first.End == TrainingEnd.Canceled)
        {
            return first;
        }

        ClassHierarchy hierarchy = HierarchyInduction.Of(first.Weights, rows.Keys.Count);
        run.Info($"The induced class hierarchy: {hierarchy}");
        return run.Train(
            (_options with { Hierarchy = hierarchy, CropRatio = recipe.CropRatio }).ToRecipe(recipe.Input, recipe.Seed) with
            {
                Normalization = recipe.Normalization,
            },
            rows
        ) with
        {
            EarlierHistory = first.History,
        };
    }
}
