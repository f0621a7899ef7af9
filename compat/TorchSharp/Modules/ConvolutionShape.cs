namespace TorchSharp.Modules;

internal sealed record ConvolutionShape(
    long InChannels, long OutChannels, long[] Kernel, long[] Stride, long[]? Padding, Padding? PaddingType, long[] Dilation, long Groups,
    PaddingModes PaddingMode);
