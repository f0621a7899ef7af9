using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>The functions of compat/native/torch/tensor.cpp, one declaration each.</summary>
internal static unsafe partial class Native
{
    private const string Library = "mlnetfm_torch";

    [LibraryImport(Library)]
    internal static partial nint mt_last_error();

    [LibraryImport(Library)]
    internal static partial void mt_dispose(nint t);

    [LibraryImport(Library)]
    internal static partial long mt_dim(Tensor t);

    [LibraryImport(Library)]
    internal static partial long mt_numel(Tensor t);

    [LibraryImport(Library)]
    internal static partial long mt_element_size(Tensor t);

    [LibraryImport(Library)]
    internal static partial int mt_dtype(Tensor t);

    [LibraryImport(Library)]
    internal static partial int mt_device_type(Tensor t);

    [LibraryImport(Library)]
    internal static partial int mt_device_index(Tensor t);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_is_contiguous(Tensor t);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_requires_grad(Tensor t);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_is_leaf(Tensor t);

    [LibraryImport(Library)]
    internal static partial long mt_storage_offset(Tensor t);

    [LibraryImport(Library)]
    internal static partial void mt_sizes(Tensor t, long* into);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_strides(Tensor t, long* into);

    [LibraryImport(Library)]
    internal static partial nint mt_data_ptr(Tensor t);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_is_pinned(Tensor t, [MarshalAs(UnmanagedType.U1)] out bool answer);

    [LibraryImport(Library)]
    internal static partial Tensor mt_pin_memory(Tensor t);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_set_requires_grad(Tensor t, [MarshalAs(UnmanagedType.U1)] bool value);

    [LibraryImport(Library)]
    internal static partial Tensor mt_detach(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_detach_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_clone(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_alias(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_contiguous(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_copy_(Tensor t, Tensor source, [MarshalAs(UnmanagedType.U1)] bool non_blocking);

    [LibraryImport(Library)]
    internal static partial Tensor mt_to(
        Tensor t, int dtype, NativeDevice device, [MarshalAs(UnmanagedType.U1)] bool copy, [MarshalAs(UnmanagedType.U1)] bool non_blocking);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_item(Tensor t, out NativeScalar into);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_equal(Tensor t, Tensor other, [MarshalAs(UnmanagedType.U1)] out bool answer);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_allclose(
        Tensor t, Tensor other, double rtol, double atol, [MarshalAs(UnmanagedType.U1)] bool equal_nan,
        [MarshalAs(UnmanagedType.U1)] out bool answer);

    [LibraryImport(Library)]
    internal static partial Tensor mt_set_(Tensor t, Tensor source);
}
