using TorchSharp.Interop;
using static TorchSharp.Interop.NativePointwise;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor eq(Tensor target) => mt_eq(this, target);

        public Tensor eq(Scalar target) => mt_eq_scalar(this, target);

        public Tensor ne(Tensor target) => mt_ne(this, target);

        public Tensor ne(Scalar target) => mt_ne_scalar(this, target);

        public Tensor gt(Tensor target) => mt_gt(this, target);

        public Tensor gt(Scalar target) => mt_gt_scalar(this, target);

        public Tensor ge(Tensor target) => mt_ge(this, target);

        public Tensor ge(Scalar target) => mt_ge_scalar(this, target);

        public Tensor lt(Tensor target) => mt_lt(this, target);

        public Tensor lt(Scalar target) => mt_lt_scalar(this, target);

        public Tensor le(Tensor target) => mt_le(this, target);

        public Tensor le(Scalar target) => mt_le_scalar(this, target);

        public Tensor logical_and(Tensor other) => mt_logical_and(this, other);

        public Tensor logical_or(Tensor other) => mt_logical_or(this, other);

        public Tensor logical_xor(Tensor other) => mt_logical_xor(this, other);

        public Tensor bitwise_and(Tensor other) => mt_bitwise_and(this, other);

        public Tensor bitwise_or(Tensor other) => mt_bitwise_or(this, other);

        public Tensor bitwise_xor(Tensor other) => mt_bitwise_xor(this, other);

        public Tensor equal(Tensor target) => eq(target);

        public bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false)
        {
            NativeError.Check(Native.mt_allclose(this, target, rtol, atol, equal_nan, out bool close));
            return close;
        }
    }
}
