using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>The functions of compat/native/torch/context.cpp, one declaration each.</summary>
internal static unsafe partial class NativeContext
{
    private const string Library = "mlnetfm_torch";

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_backward(
        TensorList outputs, TensorList gradients, [MarshalAs(UnmanagedType.U1)] bool retain, [MarshalAs(UnmanagedType.U1)] bool create,
        TensorList inputs);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_grad(
        TensorList outputs, TensorList inputs, TensorList gradients, [MarshalAs(UnmanagedType.U1)] bool retain,
        [MarshalAs(UnmanagedType.U1)] bool create, [MarshalAs(UnmanagedType.U1)] bool allow_unused, nint* into);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_get_grad(Tensor t, out nint into);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_set_grad(Tensor t, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? gradient);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_retain_grad(Tensor t);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_is_grad_enabled();

    [LibraryImport(Library)]
    internal static partial void mt_set_grad_enabled([MarshalAs(UnmanagedType.U1)] bool enabled);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_is_inference_mode();

    [LibraryImport(Library)]
    internal static partial nint mt_inference_mode_new([MarshalAs(UnmanagedType.U1)] bool enabled);

    [LibraryImport(Library)]
    internal static partial void mt_inference_mode_dispose(nint guard);

    [LibraryImport(Library)]
    internal static partial int mt_get_num_threads();

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_set_num_threads(int count);

    [LibraryImport(Library)]
    internal static partial int mt_get_num_interop_threads();

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_set_num_interop_threads(int count);

    [LibraryImport(Library)]
    internal static partial int mt_cuda_device_count();

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_has_cudnn();

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_cuda_synchronize(int index);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_get_matmul_tf32();

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_set_matmul_tf32([MarshalAs(UnmanagedType.U1)] bool value);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_get_cudnn_tf32();

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_set_cudnn_tf32([MarshalAs(UnmanagedType.U1)] bool value);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_set_default_dtype(int dtype);

    [LibraryImport(Library)]
    internal static partial nint mt_version();
}
