using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>The functions of compat/native/torch/reduction.cpp, one declaration each.</summary>
internal static partial class NativeReduction
{
    private const string Library = "mlnetfm_torch";

    [LibraryImport(Library)]
    internal static partial Tensor mt_sum(Tensor t, int dtype);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sum_dims(Tensor t, ReadOnlySpan<long> over, int count, [MarshalAs(UnmanagedType.U1)] bool keep, int dtype);

    [LibraryImport(Library)]
    internal static partial Tensor mt_mean(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_mean_dims(Tensor t, ReadOnlySpan<long> over, int count, [MarshalAs(UnmanagedType.U1)] bool keep, int dtype);

    [LibraryImport(Library)]
    internal static partial Tensor mt_prod(Tensor t, int dtype);

    [LibraryImport(Library)]
    internal static partial Tensor mt_var(Tensor t, [MarshalAs(UnmanagedType.U1)] bool unbiased);

    [LibraryImport(Library)]
    internal static partial Tensor mt_var_dims(
        Tensor t, ReadOnlySpan<long> over, int count, [MarshalAs(UnmanagedType.U1)] bool unbiased, [MarshalAs(UnmanagedType.U1)] bool keep);

    [LibraryImport(Library)]
    internal static partial Tensor mt_std(Tensor t, [MarshalAs(UnmanagedType.U1)] bool unbiased);

    [LibraryImport(Library)]
    internal static partial Tensor mt_std_dims(
        Tensor t, ReadOnlySpan<long> over, int count, [MarshalAs(UnmanagedType.U1)] bool unbiased, [MarshalAs(UnmanagedType.U1)] bool keep);

    [LibraryImport(Library)]
    internal static partial Tensor mt_max(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_min(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_max_dim(Tensor t, long dim, [MarshalAs(UnmanagedType.U1)] bool keep, out Tensor indices);

    [LibraryImport(Library)]
    internal static partial Tensor mt_min_dim(Tensor t, long dim, [MarshalAs(UnmanagedType.U1)] bool keep, out Tensor indices);

    [LibraryImport(Library)]
    internal static partial Tensor mt_amax(Tensor t, ReadOnlySpan<long> over, int count, [MarshalAs(UnmanagedType.U1)] bool keep);

    [LibraryImport(Library)]
    internal static partial Tensor mt_amin(Tensor t, ReadOnlySpan<long> over, int count, [MarshalAs(UnmanagedType.U1)] bool keep);

    [LibraryImport(Library)]
    internal static partial Tensor mt_argmax(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_argmin(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_argmax_dim(Tensor t, long dim, [MarshalAs(UnmanagedType.U1)] bool keep);

    [LibraryImport(Library)]
    internal static partial Tensor mt_argmin_dim(Tensor t, long dim, [MarshalAs(UnmanagedType.U1)] bool keep);

    [LibraryImport(Library)]
    internal static partial Tensor mt_topk(
        Tensor t, long k, long dim, [MarshalAs(UnmanagedType.U1)] bool largest, [MarshalAs(UnmanagedType.U1)] bool sorted, out Tensor indices);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sort(
        Tensor t, long dim, [MarshalAs(UnmanagedType.U1)] bool descending, [MarshalAs(UnmanagedType.U1)] bool stable, out Tensor indices);

    [LibraryImport(Library)]
    internal static partial Tensor mt_argsort(Tensor t, long dim, [MarshalAs(UnmanagedType.U1)] bool descending);

    [LibraryImport(Library)]
    internal static partial Tensor mt_cumsum(Tensor t, long dim, int dtype);

    [LibraryImport(Library)]
    internal static partial Tensor mt_any(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_all(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_any_dim(Tensor t, long dim, [MarshalAs(UnmanagedType.U1)] bool keep);

    [LibraryImport(Library)]
    internal static partial Tensor mt_all_dim(Tensor t, long dim, [MarshalAs(UnmanagedType.U1)] bool keep);

    [LibraryImport(Library)]
    internal static partial Tensor mt_norm(Tensor t, float p);

    [LibraryImport(Library)]
    internal static partial Tensor mt_norm_dim(Tensor t, long dim, [MarshalAs(UnmanagedType.U1)] bool keep, float p);

    [LibraryImport(Library)]
    internal static partial Tensor mt_logsumexp(Tensor t, long dim, [MarshalAs(UnmanagedType.U1)] bool keep);

    [LibraryImport(Library)]
    internal static partial Tensor mt_bincount(Tensor t, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? weights, long minimum);

    [LibraryImport(Library)]
    internal static partial Tensor mt_matmul(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_mm(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_bmm(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_dot(Tensor t, Tensor other);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial Tensor mt_einsum(string equation, TensorList operands);
}
