using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>The functions of compat/native/torch/shape.cpp, one declaration each.</summary>
internal static partial class NativeShape
{
    private const string Library = "mlnetfm_torch";

    [LibraryImport(Library)]
    internal static partial Tensor mt_view(Tensor t, ReadOnlySpan<long> shape, int count);

    [LibraryImport(Library)]
    internal static partial Tensor mt_reshape(Tensor t, ReadOnlySpan<long> shape, int count);

    [LibraryImport(Library)]
    internal static partial Tensor mt_permute(Tensor t, ReadOnlySpan<long> order, int count);

    [LibraryImport(Library)]
    internal static partial Tensor mt_expand(Tensor t, ReadOnlySpan<long> shape, int count, [MarshalAs(UnmanagedType.U1)] bool isImplicit);

    [LibraryImport(Library)]
    internal static partial Tensor mt_repeat(Tensor t, ReadOnlySpan<long> times, int count);

    [LibraryImport(Library)]
    internal static partial Tensor mt_flip(Tensor t, ReadOnlySpan<long> over, int count);

    [LibraryImport(Library)]
    internal static partial Tensor mt_roll(Tensor t, ReadOnlySpan<long> by, int by_count, ReadOnlySpan<long> over, int count);

    [LibraryImport(Library)]
    internal static partial Tensor mt_flatten(Tensor t, long start, long end);

    [LibraryImport(Library)]
    internal static partial Tensor mt_unflatten(Tensor t, long dim, ReadOnlySpan<long> sizes, int count);

    [LibraryImport(Library)]
    internal static partial Tensor mt_transpose(Tensor t, long a, long b);

    [LibraryImport(Library)]
    internal static partial Tensor mt_t(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_squeeze(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_squeeze_dim(Tensor t, long dim);

    [LibraryImport(Library)]
    internal static partial Tensor mt_unsqueeze(Tensor t, long dim);

    [LibraryImport(Library)]
    internal static partial Tensor mt_narrow(Tensor t, long dim, long start, long length);

    [LibraryImport(Library)]
    internal static partial Tensor mt_slice(Tensor t, long dim, long start, long stop, long step);

    [LibraryImport(Library)]
    internal static partial Tensor mt_select(Tensor t, long dim, long index);

    [LibraryImport(Library)]
    internal static partial Tensor mt_diagonal(Tensor t, long offset, long a, long b);

    [LibraryImport(Library)]
    internal static partial Tensor mt_tril(Tensor t, long diagonal);

    [LibraryImport(Library)]
    internal static partial Tensor mt_triu(Tensor t, long diagonal);

    [LibraryImport(Library)]
    internal static partial Tensor mt_unfold(Tensor t, long dim, long size, long step);

    [LibraryImport(Library)]
    internal static partial Tensor mt_index_select(Tensor t, long dim, Tensor index);

    [LibraryImport(Library)]
    internal static partial Tensor mt_gather(Tensor t, long dim, Tensor index);

    [LibraryImport(Library)]
    internal static partial Tensor mt_scatter(Tensor t, long dim, Tensor index, Tensor source);

    [LibraryImport(Library)]
    internal static partial Tensor mt_scatter_(Tensor t, long dim, Tensor index, Tensor source);

    [LibraryImport(Library)]
    internal static partial Tensor mt_scatter_add_(Tensor t, long dim, Tensor index, Tensor source);

    [LibraryImport(Library)]
    internal static partial Tensor mt_index_add_(Tensor t, long dim, Tensor index, Tensor source, Scalar? alpha);

    [LibraryImport(Library)]
    internal static partial Tensor mt_index_copy_(Tensor t, long dim, Tensor index, Tensor source);

    [LibraryImport(Library)]
    internal static partial Tensor mt_masked_select(Tensor t, Tensor mask);

    [LibraryImport(Library)]
    internal static partial Tensor mt_nonzero(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_index(Tensor t, TensorList indices);

    [LibraryImport(Library)]
    internal static partial Tensor mt_index_put_(Tensor t, TensorList indices, Tensor values, [MarshalAs(UnmanagedType.U1)] bool accumulate);

    [LibraryImport(Library)]
    internal static partial Tensor mt_cat(TensorList list, long dim);

    [LibraryImport(Library)]
    internal static partial Tensor mt_stack(TensorList list, long dim);

    [LibraryImport(Library)]
    internal static partial Tensor mt_repeat_interleave(Tensor t, long times, long dim, [MarshalAs(UnmanagedType.U1)] bool flat);
}
