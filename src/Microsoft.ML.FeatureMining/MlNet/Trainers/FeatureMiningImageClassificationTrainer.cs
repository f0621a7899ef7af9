using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

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
