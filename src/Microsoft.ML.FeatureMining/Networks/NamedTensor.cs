using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>One tensor in managed memory: row-major, little-endian.</summary>
internal sealed record NamedTensor(string Name, ScalarType Type, long[] Shape, byte[] Bytes);
