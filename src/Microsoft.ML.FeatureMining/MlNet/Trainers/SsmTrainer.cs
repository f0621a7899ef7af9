using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

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
