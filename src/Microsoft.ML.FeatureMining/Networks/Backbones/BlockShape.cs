namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>What a residual block is made for.</summary>
/// <param name="Input">Channels that come in.</param>
/// <param name="Planes">The width of its stage; what comes out is this times the expansion of the block's kind.</param>
/// <param name="Stride">Of its 3x3 convolution and of its skip.</param>
internal readonly record struct BlockShape(int Input, int Planes, int Stride);
