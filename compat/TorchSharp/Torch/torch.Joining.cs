using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static Tensor cat(IList<Tensor> tensors, long dim = 0) => NativeShape.mt_cat(TensorList.Of(tensors), dim);

    public static Tensor cat(Tensor[] tensors, long dim = 0) => cat((IList<Tensor>)tensors, dim);

    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0) => NativeShape.mt_stack(TensorList.Of(tensors), dim);

    public static Tensor einsum(string equation, params Tensor[] tensors) => NativeReduction.mt_einsum(equation, TensorList.Of(tensors));

    public static Tensor where(Tensor condition, Tensor x, Tensor y) => NativePointwise.mt_where(condition, x, y);

    public static Tensor[] chunk(Tensor input, long chunks, long dim = 0) => input.chunk(chunks, dim);

    public static Tensor[] split(Tensor tensor, long[] split_size_or_sections, long dim = 0) => tensor.split(split_size_or_sections, dim);
}
