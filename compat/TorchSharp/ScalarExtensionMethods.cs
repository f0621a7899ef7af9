using TorchSharp.Interop;

namespace TorchSharp;

public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this bool value) => new(NativeScalar.Of(value));

    public static Scalar ToScalar(this byte value) => new(NativeScalar.Of((long)value));

    public static Scalar ToScalar(this sbyte value) => new(NativeScalar.Of((long)value));

    public static Scalar ToScalar(this short value) => new(NativeScalar.Of((long)value));

    public static Scalar ToScalar(this int value) => new(NativeScalar.Of((long)value));

    public static Scalar ToScalar(this long value) => new(NativeScalar.Of(value));

    public static Scalar ToScalar(this float value) => new(NativeScalar.Of((double)value));

    public static Scalar ToScalar(this double value) => new(NativeScalar.Of(value));

    public static bool ToBoolean(this Scalar value) => value.Value.ToBoolean();

    public static byte ToByte(this Scalar value) => (byte)value.Value.ToInt64();

    public static sbyte ToSByte(this Scalar value) => (sbyte)value.Value.ToInt64();

    public static short ToInt16(this Scalar value) => (short)value.Value.ToInt64();

    public static int ToInt32(this Scalar value) => (int)value.Value.ToInt64();

    public static long ToInt64(this Scalar value) => value.Value.ToInt64();

    public static float ToSingle(this Scalar value) => (float)value.Value.ToDouble();

    public static double ToDouble(this Scalar value) => value.Value.ToDouble();
}
