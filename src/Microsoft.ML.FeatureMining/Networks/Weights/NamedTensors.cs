using System.Security.Cryptography;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Weights;

/// <summary>Weights in managed memory under PyTorch's state_dict names, in the order of the network.</summary>
internal sealed class NamedTensors(IReadOnlyList<NamedTensor> tensors)
{
    public IReadOnlyList<NamedTensor> Tensors { get; } = tensors;

    /// <summary>The number of elements of all tensors.</summary>
    public long Count => Tensors.Sum(tensor => tensor.Count);

    /// <summary>
    /// SHA-256 of the text of a manifest and the bytes of the tensors. .NET does not verify the checksums in a zip file, and a network with a few wrong weights
    /// would still give scores.
    /// </summary>
    public byte[] Checksum(string manifest)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(manifest));
        foreach (NamedTensor tensor in Tensors)
        {
            hash.AppendData(tensor.Bytes);
        }

        return hash.GetHashAndReset();
    }

    /// <summary>The same tensors with a prefix added to each name.</summary>
    public IEnumerable<NamedTensor> Under(string prefix) => Tensors.Select(tensor => tensor with { Name = prefix + tensor.Name });

    /// <summary>The tensors with a prefix in their names; the prefix is removed.</summary>
    public NamedTensors Within(string prefix) =>
        new([
            .. Tensors
                .Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal))
                .Select(tensor => tensor with { Name = tensor.Name[prefix.Length..] }),
        ]);

    /// <summary>The tensors whose names satisfy a predicate.</summary>
    public NamedTensors Where(Func<string, bool> predicate) => new([.. Tensors.Where(tensor => predicate(tensor.Name))]);

    /// <summary>Copies all parameters and buffers of a network.</summary>
    public static NamedTensors Of(ImageNetwork network) => Of(network.NamedState());

    /// <summary>Copies tensors from any device and memory layout.</summary>
    public static NamedTensors Of(IEnumerable<(string Name, Tensor Value)> state)
    {
        using IDisposable noGrad = no_grad();
        return new NamedTensors([
            .. state.Select(entry =>
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor value = entry.Value.detach().cpu().contiguous();
                return new NamedTensor(entry.Name, value.dtype, entry.Value.shape, value.bytes.ToArray());
            }),
        ]);
    }

    /// <summary>Copies these weights into a network with the same names and shapes.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or unexpected, or has another dtype or shape.</exception>
    public void CopyTo(ImageNetwork network) => CopyTo(network.NamedState());

    /// <summary>Copies these weights into tensors with the same names and shapes, on any device and with any memory layout.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or unexpected, or has another dtype or shape.</exception>
    public void CopyTo(IEnumerable<(string Name, Tensor Value)> state)
    {
        using IDisposable noGrad = no_grad();
        Dictionary<string, NamedTensor> left = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach ((string name, Tensor target) in state)
        {
            if (!left.Remove(name, out NamedTensor? source))
            {
                throw new InvalidDataException($"Missing weight '{name}': the network needs it, but the weights do not have it.");
            }

            if (source.Type != target.dtype || !source.Shape.SequenceEqual(target.shape))
            {
                throw new InvalidDataException(
                    $"Size mismatch of weight '{name}': it is {source.Type} [{string.Join(',', source.Shape)}]; the network needs "
                        + $"{target.dtype} [{string.Join(',', target.shape)}]."
                );
            }

            source.CopyTo(target);
        }

        if (left.Count > 0)
        {
            throw new InvalidDataException($"Unexpected weight '{left.Keys.First()}': the network has no tensor with this name.");
        }
    }
}

/// <summary>One tensor in managed memory: row-major, little-endian.</summary>
internal sealed record NamedTensor(string Name, ScalarType Type, long[] Shape, byte[] Bytes)
{
    /// <summary>The number of elements.</summary>
    public long Count => WeightEntry.Elements(Shape);

    /// <summary>Copies it into a tensor with the same shape, with any dtype, memory layout and device.</summary>
    public void CopyTo(Tensor target)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor host = empty(Shape, Type, CPU);
        Bytes.CopyTo(host.bytes);
        target.copy_(host);
    }
}
