namespace TorchSharp.Interop;

/// <summary>mt::Scalar: a number with its kind; the kind 0 is no number at all.</summary>
internal readonly record struct NativeScalar(long Bits, long Kind)
{
    private const long None = 0, Truth = 1, Integer = 2, Real = 3;

    internal static NativeScalar Of(bool value) => new(value ? 1 : 0, Truth);

    internal static NativeScalar Of(long value) => new(value, Integer);

    internal static NativeScalar Of(double value) => new(BitConverter.DoubleToInt64Bits(value), Real);

    internal torch.ScalarType Type => Kind switch
    {
        Truth => torch.ScalarType.Bool,
        Integer => torch.ScalarType.Int64,
        Real => torch.ScalarType.Float64,
        _ => throw new InvalidOperationException("Scalar is empty"),
    };

    internal double ToDouble() => Kind == Real ? BitConverter.Int64BitsToDouble(Bits) : Bits;

    internal long ToInt64() => Kind == Real ? (long)BitConverter.Int64BitsToDouble(Bits) : Bits;

    internal bool ToBoolean() => Kind == Real ? BitConverter.Int64BitsToDouble(Bits) != 0 : Bits != 0;
}
