using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Artifacts;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Under which it is stored.</param>
/// <param name="Type">Of its elements.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Offset">Of its first byte from the first byte behind the header.</param>
/// <param name="Bytes">How many it has.</param>
internal sealed record SafetensorsEntry(string Name, ScalarType Type, long[] Shape, long Offset, long Bytes);
