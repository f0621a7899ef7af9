using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>
/// PyTorch operations with a number as argument. The native memory of the number stays alive until libtorch has read it. A trailing underscore means in place,
/// as in PyTorch.
/// </summary>
/// <remarks>
/// TorchSharp 0.107 passes the handle of a <see cref="Scalar"/> to libtorch and does not keep the object alive. A garbage collection on another thread can then
/// free the memory before libtorch reads it; the result is an error or a wrong value. The same happens where TorchSharp itself creates a Scalar: x + y, x * 2,
/// add_, square, arange, BatchNorm and the optimizers. Only this class may use them.
/// </remarks>
internal static class TensorMath
{
    private static readonly Scalar Zero = 0.ToScalar();
    private static readonly Scalar One = 1.ToScalar();

    /// <summary>x + other.</summary>
    public static Tensor Add(this Tensor x, Tensor other) => x.add(other, One);

    /// <summary>x + alpha * other.</summary>
    public static Tensor Add(this Tensor x, Tensor other, Number alpha)
    {
        using Scalar scalar = alpha.ToScalar();
        return x.add(other, scalar);
    }

    /// <summary>x + value.</summary>
    [OverloadResolutionPriority(1)] // Number also converts to Tensor.
    public static Tensor Add(this Tensor x, Number value)
    {
        using Scalar scalar = value.ToScalar();
        return x.add(scalar, One);
    }

    /// <summary>x += other.</summary>
    public static Tensor Add_(this Tensor x, Tensor other) => x.add_(other, One);

    /// <summary>x += alpha * other.</summary>
    public static Tensor Add_(this Tensor x, Tensor other, Number alpha)
    {
        using Scalar scalar = alpha.ToScalar();
        return x.add_(other, scalar);
    }

    /// <summary>x += value.</summary>
    [OverloadResolutionPriority(1)] // Number also converts to Tensor.
    public static Tensor Add_(this Tensor x, Number value)
    {
        using Scalar scalar = value.ToScalar();
        return x.add_(scalar, One);
    }

    /// <summary>x - value.</summary>
    public static Tensor Sub(this Tensor x, Number value)
    {
        using Scalar scalar = value.ToScalar();
        return x.sub(scalar);
    }

    /// <summary>value - x.</summary>
    public static Tensor Rsub(this Tensor x, Number value) => x.neg().Add(value);

    /// <summary>x * factor.</summary>
    public static Tensor Mul(this Tensor x, Number factor)
    {
        using Scalar scalar = factor.ToScalar();
        return x.mul(scalar);
    }

    /// <summary>x *= factor.</summary>
    public static Tensor Mul_(this Tensor x, Number factor)
    {
        using Scalar scalar = factor.ToScalar();
        return x.mul_(scalar);
    }

    /// <summary>x / divisor.</summary>
    public static Tensor Div(this Tensor x, Number divisor, RoundingMode rounding = RoundingMode.None)
    {
        using Scalar scalar = divisor.ToScalar();
        return x.div(scalar, rounding);
    }

    /// <summary>x /= divisor.</summary>
    public static Tensor Div_(this Tensor x, Number divisor)
    {
        using Scalar scalar = divisor.ToScalar();
        return x.div_(scalar);
    }

    /// <summary>The remainder of x / divisor, with the sign of the divisor.</summary>
    public static Tensor Remainder(this Tensor x, Number divisor)
    {
        using Scalar scalar = divisor.ToScalar();
        return x.remainder(scalar);
    }

    /// <summary>x to the power of an exponent.</summary>
    public static Tensor Pow(this Tensor x, Number exponent)
    {
        using Scalar scalar = exponent.ToScalar();
        return x.pow(scalar);
    }

    /// <summary>x += value * first * second.</summary>
    public static Tensor Addcmul_(this Tensor x, Tensor first, Tensor second, Number value)
    {
        using Scalar scalar = value.ToScalar();
        return x.addcmul_(first, second, scalar);
    }

    /// <summary>x + value * first * second.</summary>
    public static Tensor Addcmul(this Tensor x, Tensor first, Tensor second, Number value)
    {
        using Scalar scalar = value.ToScalar();
        return x.addcmul(first, second, scalar);
    }

    /// <summary>x += value * numerator / denominator.</summary>
    public static Tensor Addcdiv_(this Tensor x, Tensor numerator, Tensor denominator, Number value)
    {
        using Scalar scalar = value.ToScalar();
        return x.addcdiv_(numerator, denominator, scalar);
    }

    /// <summary>x clamped to [min, max].</summary>
    public static Tensor Clamp(this Tensor x, Number min, Number max)
    {
        using Scalar low = min.ToScalar(),
            high = max.ToScalar();
        return x.clamp(low, high);
    }

    /// <summary>The larger of x and <paramref name="min"/>.</summary>
    public static Tensor ClampMin(this Tensor x, Number min)
    {
        using Scalar scalar = min.ToScalar();
        return x.clamp_min(scalar);
    }

    /// <summary>The smaller of x and <paramref name="max"/>.</summary>
    public static Tensor ClampMax(this Tensor x, Number max)
    {
        using Scalar scalar = max.ToScalar();
        return x.clamp_max(scalar);
    }

    /// <summary>Whether x = value.</summary>
    public static Tensor Eq(this Tensor x, Number value)
    {
        using Scalar scalar = value.ToScalar();
        return x.eq(scalar);
    }

    /// <summary>Whether x > value.</summary>
    public static Tensor Gt(this Tensor x, Number value)
    {
        using Scalar scalar = value.ToScalar();
        return x.gt(scalar);
    }

    /// <summary>Whether x is at least value.</summary>
    public static Tensor Ge(this Tensor x, Number value)
    {
        using Scalar scalar = value.ToScalar();
        return x.ge(scalar);
    }

    /// <summary>x with <paramref name="value"/> at the elements where the mask is true.</summary>
    public static Tensor MaskedFill(this Tensor x, Tensor mask, Number value)
    {
        using Scalar scalar = value.ToScalar();
        return x.masked_fill(mask, scalar);
    }

    /// <summary>0, 1, ... count - 1.</summary>
    public static Tensor Arange(long count, ScalarType type, Device device)
    {
        using Scalar stop = count.ToScalar();
        return arange(Zero, stop, One, type, device);
    }
}

/// <summary>
/// A number for <see cref="TensorMath"/>. As in PyTorch, an integer keeps the dtype of an integer tensor; a floating-point number promotes it.
/// </summary>
internal readonly struct Number
{
    private readonly long _integer;
    private readonly double? _real;

    private Number(long integer) => _integer = integer;

    private Number(double real) => _real = real;

    public static implicit operator Number(long value) => new(value);

    public static implicit operator Number(double value) => new(value);

    /// <summary>The caller must dispose the scalar after the operation.</summary>
    public Scalar ToScalar() => _real is { } real ? real.ToScalar() : _integer.ToScalar();
}
