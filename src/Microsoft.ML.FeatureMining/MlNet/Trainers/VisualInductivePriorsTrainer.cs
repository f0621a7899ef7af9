using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.MlNet.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

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
        if (first.End == TrainingEnd.Cancelled)
            return first;
        ClassHierarchy hierarchy = HierarchyInduction.Of(first.Weights, rows.Keys.Count);
        run.Info($"The hierarchy: {hierarchy}");
        return run.Train((_options with { Hierarchy = hierarchy, CropShare = recipe.CropShare }).ToRecipe(recipe.Input, recipe.Seed), rows) with { EarlierHistory = first.History };
    }
}
