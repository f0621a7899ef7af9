namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>What an <see cref="InvertedBottleneckBlock"/> is made for.</summary>
internal readonly record struct InvertedBottleneckShape(int Expansion, int Kernel, int Stride, int Input, int Output);
