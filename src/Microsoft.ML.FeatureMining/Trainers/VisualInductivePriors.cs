using Microsoft.ML.FeatureMining.Networks.Heads;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// The settings of <see cref="VisualInductivePriorsTrainer"/>. The defaults are the whole recipe of the paper for 224 by 224 pixels, 360 epochs; each part has a switch. The paper's steps
/// are of 1024 images, 64 on each of 16 devices, at a rate of 0.1; here they are of 64, and the rate is a sixteenth. GradientAccumulationSteps = 16 and LearningRate = 0.1 are the paper's.
/// </summary>
public sealed record VisualInductivePriorsOptions : ImageClassificationOptions
{
    /// <summary>The paper's settings.</summary>
    public VisualInductivePriorsOptions()
    {
        Backbone = "dsk-resnext-50-32x4d";
        ImageHeight = 224;
        ImageWidth = 224;
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

    /// <summary>The weight of the center loss (equation 6, as a mean over the batch), at least 0; 0 leaves it out. For the sum, 0 here and a <see cref="CenterLoss"/> among the strategies.</summary>
    /// <value>0.0005. Read to the letter, the paper's text gives 1 here and 0.0005 to tree supervision, which is out of line with the center loss's own paper.</value>
    [Range(0.0, double.MaxValue)]
    public double CenterLossWeight { get; init; } = 0.0005;

    /// <summary>The weight of tree supervision (equation 7), at least 0; 0 leaves it out.</summary>
    /// <value>1.</value>
    [Range(0.0, double.MaxValue)]
    public double TreeSupervisionWeight { get; init; } = 1;

    /// <summary>The hierarchy of the classes that tree supervision follows.</summary>
    /// <value>None: a Fit trains twice. A first network, trained without tree supervision, gives the hierarchy; the second, which becomes the model, is trained with it.</value>
    [JsonIgnore]
    public ClassHierarchy? Hierarchy { get; init; }

    /// <summary>The probability that a batch goes through CutMix, in [0, 1].</summary>
    /// <value>0.5, the best of Table 4.</value>
    [Range(0.0, 1.0)]
    [SearchRange(0.0, 1.0, 0.5)]
    public double CutMixProbability { get; init; } = 0.5;

    /// <summary>Whether a Fit has to find the hierarchy first.</summary>
    internal bool InducesHierarchy => TreeSupervisionWeight > 0 && Hierarchy is null;

    internal override TrainingRecipe ToRecipe(ImageShape input, long seed) => base.ToRecipe(input, seed) with { Strategies = [.. OwnStrategies(), .. Strategies] };

    private IEnumerable<TrainingStrategy> OwnStrategies()
    {
        if (CutMixProbability is > 0 and <= 1)
            yield return new CutMix { Probability = CutMixProbability };
        if (CenterLossWeight is > 0 and < double.PositiveInfinity)
            yield return new CenterLoss { Weight = CenterLossWeight };
        if (TreeSupervisionWeight is > 0 and < double.PositiveInfinity && Hierarchy is not null)
            yield return new TreeSupervision { Weight = TreeSupervisionWeight, Hierarchy = Hierarchy };
    }
}

/// <summary>
/// Trains an image classifier from few images with the Visual Inductive Priors Framework (Sun et al. 2020, "A visual inductive priors framework for data-efficient image
/// classification"). Made by <c>mlContext.MulticlassClassification.Trainers.VisualInductivePriors</c>.
/// </summary>
/// <remarks>
/// <para>A dual selective kernel network, whose blocks add one of two branches at random to their skip (equation 2); the positive class loss, the center loss and the cross
/// entropy of the leaves of a hierarchy of classes, added up (equation 3: L = alpha L_PCL + beta L_CL + gamma L_TSL); random resized crops, flips, CutMix, smoothed labels,
/// dropout, dual pooling, warm-up and a cosine; the model scores ten crops. Reproduces Table 1 (network and losses), Table 2 (tree supervision), Tables 4 and 5 (CutMix and the other tricks).</para>
/// <para>Input: a label that is a key, and pictures as encoded bytes, planar floats or MLImage. Output: PredictedLabel, the label's key; Score, the probabilities [K].</para>
/// </remarks>
public sealed class VisualInductivePriorsTrainer : ImageClassificationTrainer
{
    private readonly VisualInductivePriorsOptions _options;

    internal VisualInductivePriorsTrainer(IHostEnvironment environment, VisualInductivePriorsOptions options)
        : base(environment, "VisualInductivePriors", options) => _options = options;

    private protected override TrainingOutcome Train(FitRun run, TrainingRecipe recipe, TrainingRows rows)
    {
        if (!_options.InducesHierarchy)
            return run.Train(recipe, rows);
        run.Info("No hierarchy of classes is given: a first network is trained to find one in its classifier, a second one with it.");
        TrainingOutcome first = run.Train(recipe, rows);
        if (first.End == TrainingEnd.Canceled)
            return first;
        ClassHierarchy hierarchy = HierarchyInduction.Of(first.Weights, rows.Keys.Count);
        run.Info($"The hierarchy: {hierarchy}");
        return run.Train((_options with { Hierarchy = hierarchy, CropRatio = recipe.CropRatio }).ToRecipe(recipe.Input, recipe.Seed), rows) with { EarlierHistory = first.History };
    }
}
