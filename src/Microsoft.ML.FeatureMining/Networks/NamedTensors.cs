using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>Weights in managed memory, under PyTorch's state_dict names, in the network's order.</summary>
internal sealed class NamedTensors(IReadOnlyList<NamedTensor> tensors)
{
    public IReadOnlyList<NamedTensor> Tensors { get; } = tensors;

    /// <summary>Copies out all parameters and buffers of a network, from whichever device and layout.</summary>
    public static NamedTensors Of(ImageNetwork network)
    {
        using IDisposable noGrad = no_grad();
        return new NamedTensors([.. network.NamedState().Select(entry =>
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor value = entry.Value.detach().cpu().contiguous();
            return new NamedTensor(entry.Name, value.dtype, entry.Value.shape, value.bytes.ToArray());
        })]);
    }

    /// <summary>Copies these weights into a network of the same names and shapes.</summary>
    /// <exception cref="InvalidDataException">A name is missing, superfluous, or of another type or shape.</exception>
    public void CopyTo(ImageNetwork network)
    {
        using IDisposable noGrad = no_grad();
        Dictionary<string, NamedTensor> left = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach ((string name, Tensor target) in network.NamedState())
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
            Tensor host = empty(source.Shape, dtype: source.Type);
            source.Bytes.CopyTo(host.bytes);
            target.copy_(host);
        }

        if (left.Count > 0)
        {
            throw new InvalidDataException($"The network has no '{left.Keys.First()}', which the weights have.");
        }
    }
}
