using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Laws that several augmentations draw from.</summary>
internal static class RandomDraws
{
    /// <summary>Uniform in [<paramref name="min"/>, <paramref name="max"/>).</summary>
    public static double NextUniform(this RandomStream random, double min, double max) => min + (max - min) * random.NextDouble();

    /// <summary>Its logarithm is uniform between those of <paramref name="min"/> and <paramref name="max"/>.</summary>
    public static double NextLogUniform(this RandomStream random, double min, double max) => Math.Exp(random.NextUniform(Math.Log(min), Math.Log(max)));
}
