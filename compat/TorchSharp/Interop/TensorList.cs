using System.Runtime.InteropServices.Marshalling;

namespace TorchSharp.Interop;

/// <summary>Several tensors as one argument; a null among them counts as "none".</summary>
[NativeMarshalling(typeof(TensorListMarshaller))]
internal readonly struct TensorList(IEnumerable<torch.Tensor?>? tensors)
{
    internal torch.Tensor?[] Items { get; } = tensors?.ToArray() ?? [];

    /// <summary>For calls in which every tensor must be there.</summary>
    internal static TensorList Of(IEnumerable<torch.Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var list = new TensorList(tensors);
        if (Array.Exists(list.Items, t => t is null)) throw new ArgumentNullException(nameof(tensors), "a tensor of the list is null");
        return list;
    }
}
