using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Weights;

/// <summary>One tensor of a weights file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its shape; empty for a scalar.</param>
internal record WeightEntry(string Name, ScalarType Type, long[] Shape)
{
    /// <summary>The number of elements.</summary>
    public long Count => Elements(Shape);

    /// <summary>The number of elements of a shape.</summary>
    public static long Elements(long[] shape) => shape.Aggregate(1L, (product, length) => product * length);
}

/// <summary>Named tensors of any file format. The entries are known when it is opened; the values are read when they are copied.</summary>
internal abstract class WeightFile : IDisposable
{
    /// <summary>All tensors, with unique names.</summary>
    public abstract IReadOnlyList<WeightEntry> Entries { get; }

    /// <summary>Copies a tensor into a target with the same shape and any dtype, memory layout and device.</summary>
    public abstract void CopyTo(WeightEntry entry, Tensor target);

    public abstract void Dispose();
}

/// <summary>Weights that are in memory.</summary>
internal sealed class MemoryWeights(NamedTensors tensors) : WeightFile
{
    private readonly Dictionary<string, NamedTensor> _tensors = tensors.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);

    public override IReadOnlyList<WeightEntry> Entries { get; } =
    [.. tensors.Tensors.Select(tensor => new WeightEntry(tensor.Name, tensor.Type, tensor.Shape))];

    public override void CopyTo(WeightEntry entry, Tensor target) => _tensors[entry.Name].CopyTo(target);

    public override void Dispose() { }
}
