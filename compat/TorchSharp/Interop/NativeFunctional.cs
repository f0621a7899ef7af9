using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>The functions of compat/native/torch/functional.cpp, one declaration each.</summary>
internal static partial class NativeFunctional
{
    private const string Library = "mlnetfm_torch";

    [LibraryImport(Library)]
    internal static partial Tensor mt_linear(Tensor x, Tensor weight, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? bias);

    [LibraryImport(Library)]
    internal static partial Tensor mt_conv2d(
        Tensor x, Tensor weight, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? bias, ReadOnlySpan<long> stride,
        ReadOnlySpan<long> padding, ReadOnlySpan<long> dilation, long groups);

    [LibraryImport(Library)]
    internal static partial Tensor mt_batch_norm(
        Tensor x, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? weight, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? bias,
        [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? mean, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? variance,
        [MarshalAs(UnmanagedType.U1)] bool training, double momentum, double eps);

    [LibraryImport(Library)]
    internal static partial Tensor mt_gelu(Tensor x);

    [LibraryImport(Library)]
    internal static partial Tensor mt_softmax(Tensor x, long dim, int dtype);

    [LibraryImport(Library)]
    internal static partial Tensor mt_log_softmax(Tensor x, long dim, int dtype);

    [LibraryImport(Library)]
    internal static partial Tensor mt_max_pool2d(
        Tensor x, ReadOnlySpan<long> kernel, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, ReadOnlySpan<long> dilation,
        [MarshalAs(UnmanagedType.U1)] bool ceil);

    [LibraryImport(Library)]
    internal static partial Tensor mt_max_pool2d_with_indices(
        Tensor x, ReadOnlySpan<long> kernel, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, ReadOnlySpan<long> dilation,
        [MarshalAs(UnmanagedType.U1)] bool ceil, out Tensor indices);

    [LibraryImport(Library)]
    internal static partial Tensor mt_avg_pool2d(
        Tensor x, ReadOnlySpan<long> kernel, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, [MarshalAs(UnmanagedType.U1)] bool ceil,
        [MarshalAs(UnmanagedType.U1)] bool count_padding, long divisor);

    [LibraryImport(Library)]
    internal static partial Tensor mt_adaptive_avg_pool2d(Tensor x, ReadOnlySpan<long> size);

    [LibraryImport(Library)]
    internal static partial Tensor mt_adaptive_max_pool2d(Tensor x, ReadOnlySpan<long> size);

    [LibraryImport(Library)]
    internal static partial Tensor mt_dropout(Tensor x, double p, [MarshalAs(UnmanagedType.U1)] bool training);

    [LibraryImport(Library)]
    internal static partial Tensor mt_dropout_(Tensor x, double p, [MarshalAs(UnmanagedType.U1)] bool training);

    [LibraryImport(Library)]
    internal static partial Tensor mt_feature_dropout(Tensor x, double p, [MarshalAs(UnmanagedType.U1)] bool training);

    [LibraryImport(Library)]
    internal static partial Tensor mt_feature_dropout_(Tensor x, double p, [MarshalAs(UnmanagedType.U1)] bool training);

    [LibraryImport(Library)]
    internal static partial Tensor mt_cross_entropy(
        Tensor x, Tensor target, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? weight, long reduction, long ignore, double smoothing);

    [LibraryImport(Library)]
    internal static partial Tensor mt_nll_loss(Tensor x, Tensor target, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? weight, long reduction);

    [LibraryImport(Library)]
    internal static partial Tensor mt_kl_div(Tensor x, Tensor target, long reduction, [MarshalAs(UnmanagedType.U1)] bool log_target);

    [LibraryImport(Library)]
    internal static partial Tensor mt_mse_loss(Tensor x, Tensor target, long reduction);

    [LibraryImport(Library)]
    internal static partial Tensor mt_binary_cross_entropy_with_logits(
        Tensor x, Tensor target, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? weight,
        [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? positive, long reduction);

    [LibraryImport(Library)]
    internal static partial Tensor mt_cosine_similarity(Tensor a, Tensor b, long dim, double eps);

    [LibraryImport(Library)]
    internal static partial Tensor mt_normalize(Tensor x, double p, long dim, double eps);

    [LibraryImport(Library)]
    internal static partial Tensor mt_one_hot(Tensor x, long classes);

    [LibraryImport(Library)]
    internal static partial Tensor mt_pad(Tensor x, ReadOnlySpan<long> by, int count, int mode, double fill);

    [LibraryImport(Library)]
    internal static partial Tensor mt_interpolate2d(
        Tensor x, ReadOnlySpan<long> size, ReadOnlySpan<double> factors, int mode, [MarshalAs(UnmanagedType.U1)] bool align_corners,
        [MarshalAs(UnmanagedType.U1)] bool antialias);

    [LibraryImport(Library)]
    internal static partial Tensor mt_grid_sample(Tensor x, Tensor grid, long mode, long padding, [MarshalAs(UnmanagedType.U1)] bool align_corners);

    [LibraryImport(Library)]
    internal static partial Tensor mt_affine_grid(Tensor theta, ReadOnlySpan<long> size, int count, [MarshalAs(UnmanagedType.U1)] bool align_corners);
}
