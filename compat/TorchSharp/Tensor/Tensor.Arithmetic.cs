using static TorchSharp.Interop.NativePointwise;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        private static readonly Scalar One = 1;

        public Tensor add(Tensor target) => mt_add(this, target, One);

        public Tensor add(Tensor target, Scalar alpha) => mt_add(this, target, alpha);

        public Tensor add(Scalar scalar) => mt_add_scalar(this, scalar, One);

        public Tensor add(Scalar scalar, Scalar alpha) => mt_add_scalar(this, scalar, alpha);

        public Tensor add_(Tensor target) => mt_add_(this, target, One);

        public Tensor add_(Tensor target, Scalar alpha) => mt_add_(this, target, alpha);

        public Tensor add_(Scalar scalar) => mt_add_scalar_(this, scalar, One);

        public Tensor add_(Scalar scalar, Scalar alpha) => mt_add_scalar_(this, scalar, alpha);

        public Tensor sub(Tensor target) => mt_sub(this, target, One);

        public Tensor sub(Scalar target) => mt_sub_scalar(this, target, One);

        public Tensor sub_(Tensor target) => mt_sub_(this, target, One);

        public Tensor sub_(Scalar target) => mt_sub_scalar_(this, target, One);

        public Tensor mul(Tensor target) => mt_mul(this, target);

        public Tensor mul(Scalar target) => mt_mul_scalar(this, target);

        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => mt_div(this, target, (int)rounding_mode);

        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => mt_div_scalar(this, target, (int)rounding_mode);

        public Tensor mul_(Tensor target) => mt_mul_(this, target);

        public Tensor mul_(Scalar target) => mt_mul_scalar_(this, target);

        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => mt_div_(this, target, (int)rounding_mode);

        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => mt_div_scalar_(this, target, (int)rounding_mode);

        public Tensor pow(Tensor exponent) => mt_pow(this, exponent);

        public Tensor pow(Scalar exponent) => mt_pow_scalar(this, exponent);

        public Tensor pow_(Scalar exponent) => mt_pow_(this, exponent);

        public Tensor remainder(Tensor target) => mt_remainder(this, target);

        public Tensor remainder(Scalar scalar) => mt_remainder_scalar(this, scalar);

        public Tensor atan2(Tensor other) => mt_atan2(this, other);

        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) => mt_addcmul(this, tensor1, tensor2, value);

        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) => mt_addcdiv(this, tensor1, tensor2, One);

        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) => mt_addcdiv(this, tensor1, tensor2, value);

        public Tensor lerp(Tensor end, Tensor weight) => mt_lerp(this, end, weight);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => mt_clamp(this, min, max);

        public Tensor clamp(Tensor? min = null, Tensor? max = null) => mt_clamp_tensor(this, min, max);

        public Tensor clamp_min(Scalar min) => mt_clamp(this, min, null);

        public Tensor clamp_max(Scalar max) => mt_clamp(this, null, max);

        public Tensor masked_fill(Tensor mask, Scalar value) => mt_masked_fill(this, mask, value);

        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) => mt_addcmul_(this, tensor1, tensor2, value);

        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2) => mt_addcdiv_(this, tensor1, tensor2, One);

        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) => mt_addcdiv_(this, tensor1, tensor2, value);

        public Tensor lerp_(Tensor end, Tensor weight) => mt_lerp_(this, end, weight);

        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => mt_clamp_(this, min, max);

        public Tensor clamp_(Tensor? min = null, Tensor? max = null) => mt_clamp_tensor_(this, min, max);

        public Tensor clamp_min_(Scalar min) => mt_clamp_(this, min, null);

        public Tensor clamp_max_(Scalar max) => mt_clamp_(this, null, max);

        public Tensor masked_fill_(Tensor mask, Scalar value) => mt_masked_fill_(this, mask, value);

        public Tensor maximum(Tensor other) => mt_maximum(this, other);

        public Tensor minimum(Tensor other) => mt_minimum(this, other);

        public Tensor where(Tensor condition, Tensor y) => mt_where(condition, this, y);

        public Tensor fill_(Scalar value) => mt_fill_(this, value);

        public Tensor zero_() => mt_zero_(this);
    }
}
