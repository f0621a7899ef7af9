namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>The ways to read "SK-ResNeXt".</summary>
/// <param name="Blurred">Max pooling and strided convolutions keep stride 1 and are followed by a blur pool.</param>
/// <param name="Depthwise">
/// A 3x3 and a 5x5 kernel for each channel, which is what Sun et al. 2020 write; otherwise, as in Li et al. 2019 and timm, the groups of the ResNeXt, and the 5x5 is a 3x3 of
/// dilation 2.
/// </param>
internal readonly record struct SelectiveKernelKind(bool Blurred, bool Depthwise);
