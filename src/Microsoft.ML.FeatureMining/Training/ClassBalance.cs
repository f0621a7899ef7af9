using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Class weights that are computed from the training labels.</summary>
public enum ClassWeighting
{
    /// <summary>No computed weights.</summary>
    None,

    /// <summary>N / (K n_k) for class k with n_k of the N training images (scikit-learn's <c>class_weight="balanced"</c>).</summary>
    Balanced,

    /// <summary>
    /// The inverse of the effective number of images, (1 - b) / (1 - b^n_k) with b = <see cref="TrainingOptions.EffectiveNumberBeta"/>, scaled so that the
    /// weights sum to K (Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of Samples").
    /// </summary>
    EffectiveNumber,
}

/// <summary>Which training images an epoch consists of.</summary>
public enum Sampling
{
    /// <summary>Each image once, in random order.</summary>
    Shuffled,

    /// <summary>
    /// As many images as there are, each of a class drawn uniformly (PyTorch's <c>WeightedRandomSampler</c> with weights 1 / n_k). The images of a class come
    /// in random order and are repeated only after all of them have come. Needs rows that can be read in any order, and one class per image.
    /// </summary>
    Balanced,
}

/// <summary>Computes class weights and the recipe that uses them.</summary>
internal static class ClassBalance
{
    /// <summary>One weight per class; 1 for a class without images.</summary>
    public static double[] Weights(ClassWeighting weighting, double beta, IReadOnlyList<int> counts)
    {
        double[] weights = Array.ConvertAll([.. counts], count => count == 0 ? 0 : Weight(count));
        int classes = weights.Count(weight => weight > 0);
        // Balanced weights have this sum already, if each class has images.
        double scale = weighting == ClassWeighting.EffectiveNumber ? classes / weights.Sum() : 1;
        return Array.ConvertAll(weights, weight => weight == 0 ? 1 : weight * scale);

        double Weight(int count) =>
            weighting switch
            {
                ClassWeighting.Balanced => counts.Sum() / ((double)counts.Count * count),
                ClassWeighting.EffectiveNumber => (1 - beta) / (1 - Math.Pow(beta, count)),
                _ => 1,
            };
    }

    /// <summary>The recipe with the computed class weights in its loss.</summary>
    public static TrainingRecipe Resolve(TrainingRecipe recipe, ImageSet train) =>
        recipe.ClassWeighting != ClassWeighting.None && recipe.Loss is CrossEntropyLoss loss
            ? recipe with
            {
                Loss = loss with { ClassWeights = Weights(recipe.ClassWeighting, recipe.EffectiveNumberBeta, train.CountImages()) },
            }
            : recipe;

    /// <summary>The weight of each class when the head is fitted; null if all classes have the same.</summary>
    public static IReadOnlyList<double>? OfHead(TrainingRecipe recipe, ImageSet train) =>
        recipe.Sampling == Sampling.Balanced ? Weights(ClassWeighting.Balanced, 0, train.CountImages()) : (recipe.Loss as CrossEntropyLoss)?.ClassWeights;

    /// <summary>Validation errors across the settings of a recipe.</summary>
    public static IEnumerable<string> Problems(TrainingOptions options)
    {
        if (options.ClassWeighting != ClassWeighting.None && options.Loss is not CrossEntropyLoss { ClassWeights: null })
        {
            yield return options.Loss is CrossEntropyLoss
                ? "ClassWeighting and ClassWeights of cross-entropy are both set; set only one of them."
                : $"ClassWeighting needs the loss 'cross-entropy'; the loss is '{options.Loss.Key}'.";
        }

        if (
            options.Sampling == Sampling.Balanced
            && (options.ClassWeighting != ClassWeighting.None || options.Loss is CrossEntropyLoss { ClassWeights: not null })
        )
        {
            yield return "Balanced Sampling and class weights both compensate for the sizes of the classes; set only one of them.";
        }
    }

    /// <summary>Validation errors of a recipe with a training set.</summary>
    public static IEnumerable<string> Problems(TrainingRecipe recipe, ImageSet train)
    {
        if (recipe.Loss is CrossEntropyLoss { ClassWeights: { } weights } && weights.Count != train.ClassCount)
        {
            yield return $"ClassWeights of cross-entropy has {weights.Count} weights for {train.ClassCount} classes; it needs one weight per class.";
        }

        if (recipe.Sampling == Sampling.Balanced && train.LabelSets is not null)
        {
            yield return "Balanced Sampling needs one class per image, but labels are sets of classes. Use PositiveWeights of binary-cross-entropy.";
        }

        if (recipe.Sampling == Sampling.Balanced && !train.ReachesAnyImage)
        {
            yield return "Balanced Sampling reads training images in any order, but the rows are streamed sequentially. Use an image column of paths (text), "
                + "or set Storage to Memory or Disk.";
        }
    }
}
