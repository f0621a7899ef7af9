using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>What a head says of a batch.</summary>
/// <param name="Logits">[N,K], the network's output.</param>
/// <param name="Supervised">Logits [N,K] that the criterion is applied to, its values being averaged: the output alone, or that of each of several classifiers that are trained on their own.</param>
public sealed record HeadOutput(Tensor Logits, IReadOnlyList<Tensor> Supervised);
