using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Weights;

/// <summary>Weights in managed memory, under PyTorch's state_dict names, in the network's order.</summary>
internal sealed class NamedTensors(IReadOnlyList<NamedTensor> tensors)
{
    public IReadOnlyList<NamedTensor> Tensors { get; } = tensors;

    /// <summary>The same under names that begin with a prefix.</summary>
    public IEnumerable<NamedTensor> Under(string prefix) => Tensors.Select(tensor => tensor with { Name = prefix + tensor.Name });

    /// <summary>Those whose names begin with a prefix, without it.</summary>
    public NamedTensors Within(string prefix) => new(
        [.. Tensors.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(tensor => tensor with { Name = tensor.Name[prefix.Length..] })]);

    /// <summary>Those whose names pass.</summary>
    public NamedTensors Where(Func<string, bool> passes) => new([.. Tensors.Where(tensor => passes(tensor.Name))]);

    /// <summary>Copies out all parameters and buffers of a network.</summary>
    public static NamedTensors Of(ImageNetwork network) => Of(network.NamedState());

    /// <summary>Copies out tensors from whichever device and layout.</summary>
    public static NamedTensors Of(IEnumerable<(string Name, Tensor Value)> state)
    {
        using IDisposable noGrad = no_grad();
        return new NamedTensors([.. state.Select(entry =>
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor value = entry.Value.detach().cpu().contiguous();
            return new NamedTensor(entry.Name, value.dtype, entry.Value.shape, value.bytes.ToArray());
        })]);
    }

    /// <summary>Copies these weights into a network of the same names and shapes.</summary>
    /// <exception cref="InvalidDataException">A name is missing, superfluous, or of another type or shape.</exception>
    public void CopyTo(ImageNetwork network) => CopyTo(network.NamedState());

    /// <summary>Copies these into tensors of the same names and shapes, on whichever device and in whichever layout.</summary>
    /// <exception cref="InvalidDataException">A name is missing, superfluous, or of another type or shape.</exception>
    public void CopyTo(IEnumerable<(string Name, Tensor Value)> state)
    {
        using IDisposable noGrad = no_grad();
        Dictionary<string, NamedTensor> left = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach ((string name, Tensor target) in state)
        {
            if (!left.Remove(name, out NamedTensor? source))
            {
                throw new InvalidDataException($"The weights have no '{name}', which the network needs.");
            }

            if (source.Type != target.dtype || !source.Shape.SequenceEqual(target.shape))
            {
                throw new InvalidDataException($"'{name}' is {source.Type} [{string.Join(',', source.Shape)}]; the network needs {target.dtype} [{string.Join(',', target.shape)}].");
            }

            using DisposeScope scope = NewDisposeScope();
            Tensor host = empty(source.Shape, source.Type, CPU);
            source.Bytes.CopyTo(host.bytes);
            target.copy_(host);
        }

        if (left.Count > 0)
        {
            throw new InvalidDataException($"The network has no '{left.Keys.First()}', which the weights have.");
        }
    }
}

/// <summary>One tensor in managed memory: row-major, little-endian.</summary>
internal sealed record NamedTensor(string Name, ScalarType Type, long[] Shape, byte[] Bytes);
