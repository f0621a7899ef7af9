using static TorchSharp.Interop.NativePointwise;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor abs() => mt_abs(this);

        public Tensor abs_() => mt_abs_(this);

        public Tensor bitwise_not() => mt_bitwise_not(this);

        public Tensor ceil() => mt_ceil(this);

        public Tensor ceil_() => mt_ceil_(this);

        public Tensor cos() => mt_cos(this);

        public Tensor cos_() => mt_cos_(this);

        public Tensor exp() => mt_exp(this);

        public Tensor exp_() => mt_exp_(this);

        public Tensor expm1() => mt_expm1(this);

        public Tensor expm1_() => mt_expm1_(this);

        public Tensor floor() => mt_floor(this);

        public Tensor floor_() => mt_floor_(this);

        public Tensor isfinite() => mt_isfinite(this);

        public Tensor isinf() => mt_isinf(this);

        public Tensor isnan() => mt_isnan(this);

        public Tensor log() => mt_log(this);

        public Tensor log1p() => mt_log1p(this);

        public Tensor log1p_() => mt_log1p_(this);

        public Tensor log2() => mt_log2(this);

        public Tensor log2_() => mt_log2_(this);

        public Tensor log_() => mt_log_(this);

        public Tensor logical_not() => mt_logical_not(this);

        public Tensor neg() => mt_neg(this);

        public Tensor neg_() => mt_neg_(this);

        public Tensor reciprocal() => mt_reciprocal(this);

        public Tensor reciprocal_() => mt_reciprocal_(this);

        public Tensor relu() => mt_relu(this);

        public Tensor relu_() => mt_relu_(this);

        public Tensor round(long decimals = 0) => decimals == 0 ? mt_round(this) : mt_round_decimals(this, decimals);

        public Tensor rsqrt() => mt_rsqrt(this);

        public Tensor rsqrt_() => mt_rsqrt_(this);

        public Tensor sigmoid() => mt_sigmoid(this);

        public Tensor sigmoid_() => mt_sigmoid_(this);

        public Tensor sign() => mt_sign(this);

        public Tensor silu() => mt_silu(this);

        public Tensor silu_() => mt_silu_(this);

        public Tensor sin() => mt_sin(this);

        public Tensor sin_() => mt_sin_(this);

        public Tensor sqrt() => mt_sqrt(this);

        public Tensor sqrt_() => mt_sqrt_(this);

        public Tensor square() => mt_square(this);

        public Tensor tanh() => mt_tanh(this);

        public Tensor tanh_() => mt_tanh_(this);
    }
}
