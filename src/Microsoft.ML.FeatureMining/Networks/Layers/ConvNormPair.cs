using TorchSharp.Modules;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>A convolution and the BatchNorm behind it; null where that is folded into the convolution.</summary>
internal sealed record ConvNormPair(Conv2d Convolution, BatchNormLayer? Norm, double Epsilon);
