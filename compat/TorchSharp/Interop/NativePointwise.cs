using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>The functions of compat/native/torch/pointwise.cpp, one declaration each.</summary>
internal static partial class NativePointwise
{
    private const string Library = "mlnetfm_torch";

    [LibraryImport(Library)]
    internal static partial Tensor mt_rsub_scalar(Tensor t, Scalar? other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_mul(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_mul_(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_mul_scalar(Tensor t, Scalar? other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_mul_scalar_(Tensor t, Scalar? other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_div(Tensor t, Tensor other, int mode);

    [LibraryImport(Library)]
    internal static partial Tensor mt_div_(Tensor t, Tensor other, int mode);

    [LibraryImport(Library)]
    internal static partial Tensor mt_div_scalar(Tensor t, Scalar? other, int mode);

    [LibraryImport(Library)]
    internal static partial Tensor mt_div_scalar_(Tensor t, Scalar? other, int mode);

    [LibraryImport(Library)]
    internal static partial Tensor mt_pow_(Tensor t, Scalar? exponent);

    [LibraryImport(Library)]
    internal static partial Tensor mt_addcmul(Tensor t, Tensor a, Tensor b, Scalar? by);

    [LibraryImport(Library)]
    internal static partial Tensor mt_addcmul_(Tensor t, Tensor a, Tensor b, Scalar? by);

    [LibraryImport(Library)]
    internal static partial Tensor mt_addcdiv(Tensor t, Tensor a, Tensor b, Scalar? by);

    [LibraryImport(Library)]
    internal static partial Tensor mt_addcdiv_(Tensor t, Tensor a, Tensor b, Scalar? by);

    [LibraryImport(Library)]
    internal static partial Tensor mt_lerp(Tensor t, Tensor end, Tensor weight);

    [LibraryImport(Library)]
    internal static partial Tensor mt_lerp_(Tensor t, Tensor end, Tensor weight);

    [LibraryImport(Library)]
    internal static partial Tensor mt_clamp(Tensor t, Scalar? low, Scalar? high);

    [LibraryImport(Library)]
    internal static partial Tensor mt_clamp_(Tensor t, Scalar? low, Scalar? high);

    [LibraryImport(Library)]
    internal static partial Tensor mt_clamp_tensor(
        Tensor t, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? low, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? high);

    [LibraryImport(Library)]
    internal static partial Tensor mt_clamp_tensor_(
        Tensor t, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? low, [MarshalUsing(typeof(OptionalTensorMarshaller))] Tensor? high);

    [LibraryImport(Library)]
    internal static partial Tensor mt_where(Tensor condition, Tensor x, Tensor y);

    [LibraryImport(Library)]
    internal static partial Tensor mt_masked_fill(Tensor t, Tensor mask, Scalar? with);

    [LibraryImport(Library)]
    internal static partial Tensor mt_masked_fill_(Tensor t, Tensor mask, Scalar? with);

    [LibraryImport(Library)]
    internal static partial Tensor mt_fill_(Tensor t, Scalar? with);

    [LibraryImport(Library)]
    internal static partial Tensor mt_zero_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_abs(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_abs_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_ceil(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_ceil_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_cos(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_cos_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_exp(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_exp_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_expm1(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_expm1_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_floor(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_floor_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_log(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_log_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_log1p(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_log1p_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_log2(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_log2_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_neg(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_neg_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_reciprocal(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_reciprocal_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_relu(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_relu_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_round(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_round_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_rsqrt(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_rsqrt_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sigmoid(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sigmoid_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_silu(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_silu_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sin(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sin_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sqrt(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sqrt_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_tanh(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_tanh_(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_isfinite(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_isinf(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_isnan(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_logical_not(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_bitwise_not(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sign(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_square(Tensor t);

    [LibraryImport(Library)]
    internal static partial Tensor mt_maximum(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_minimum(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_atan2(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_logical_and(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_logical_or(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_logical_xor(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_bitwise_and(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_bitwise_or(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_bitwise_xor(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_eq(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_eq_scalar(Tensor t, Scalar? other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_ne(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_ne_scalar(Tensor t, Scalar? other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_gt(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_gt_scalar(Tensor t, Scalar? other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_ge(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_ge_scalar(Tensor t, Scalar? other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_lt(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_lt_scalar(Tensor t, Scalar? other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_le(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_le_scalar(Tensor t, Scalar? other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_remainder(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_remainder_scalar(Tensor t, Scalar? other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_pow(Tensor t, Tensor other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_pow_scalar(Tensor t, Scalar? other);

    [LibraryImport(Library)]
    internal static partial Tensor mt_add(Tensor t, Tensor other, Scalar? alpha);

    [LibraryImport(Library)]
    internal static partial Tensor mt_add_(Tensor t, Tensor other, Scalar? alpha);

    [LibraryImport(Library)]
    internal static partial Tensor mt_add_scalar(Tensor t, Scalar? other, Scalar? alpha);

    [LibraryImport(Library)]
    internal static partial Tensor mt_add_scalar_(Tensor t, Scalar? other, Scalar? alpha);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sub(Tensor t, Tensor other, Scalar? alpha);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sub_(Tensor t, Tensor other, Scalar? alpha);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sub_scalar(Tensor t, Scalar? other, Scalar? alpha);

    [LibraryImport(Library)]
    internal static partial Tensor mt_sub_scalar_(Tensor t, Scalar? other, Scalar? alpha);

    [LibraryImport(Library)]
    internal static partial Tensor mt_round_decimals(Tensor t, long decimals);
}
