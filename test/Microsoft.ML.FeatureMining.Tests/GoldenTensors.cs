using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Networks.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>A safetensors file written by a script in test/Goldens.</summary>
internal sealed class GoldenTensors
{
    private readonly Dictionary<string, NamedTensor> _tensors;

    public GoldenTensors(params string[] path)
    {
        using FileStream file = File.OpenRead(Path.Combine([AppContext.BaseDirectory, "Goldens", .. path]));
        _tensors = Safetensors.Read(file).Tensors.ToDictionary(tensor => tensor.Name);
    }

    /// <summary>All names in a folder, without the name of the folder.</summary>
    public IEnumerable<string> Names(string folder) =>
        _tensors.Keys.Where(name => name.StartsWith(folder + "/", StringComparison.Ordinal)).Select(name => name[(folder.Length + 1)..]);

    public Tensor this[string name] =>
        _tensors[name] switch
        {
            { Type: ScalarType.Byte } bytes => tensor(bytes.Bytes, bytes.Shape),
            { Type: ScalarType.Float32 } floats => tensor(MemoryMarshal.Cast<byte, float>(floats.Bytes).ToArray(), floats.Shape),
            { Type: ScalarType.Float64 } doubles => tensor(Doubles(name), doubles.Shape),
            { Type: ScalarType.Int64 } integers => tensor(Integers(name), integers.Shape),
            NamedTensor other => throw new NotSupportedException($"{name} is {other.Type}."),
        };

    public double[] Doubles(string name) => MemoryMarshal.Cast<byte, double>(_tensors[name].Bytes).ToArray();

    public long[] Integers(string name) => MemoryMarshal.Cast<byte, long>(_tensors[name].Bytes).ToArray();
}
