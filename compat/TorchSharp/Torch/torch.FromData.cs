using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static Tensor from_array(Array rawArray, Device? device = null) => from_array(rawArray, null, device);

    public static Tensor from_array(
        Array rawArray, ScalarType? dtype, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        ScalarType type = TypeOf(rawArray);
        Tensor flat = frombuffer(rawArray, type);
        Tensor shaped = flat.view(Lengths(rawArray).ToArray());
        flat.Dispose();
        return Finish(shaped, dtype, device, requires_grad, names);
    }

    /// <summary>Aliases the array, which stays pinned for as long as a tensor looks at it.</summary>
    public static unsafe Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false)
    {
        ArgumentNullException.ThrowIfNull(rawArray);
        if (TypeOf(rawArray) != dtype) throw new ArgumentException($"The elements are not {dtype}.", nameof(dtype));
        if (count < 0) count = rawArray.LongLength - offset;
        if (offset < 0 || offset + count > rawArray.LongLength) throw new ArgumentException("count and offset reach beyond the array.", nameof(count));
        GCHandle pinned = GCHandle.Alloc(rawArray, GCHandleType.Pinned);
        byte* start = (byte*)pinned.AddrOfPinnedObject() + (offset * Buffer.ByteLength(rawArray) / Math.Max(1, rawArray.LongLength));
        Tensor shared;
        try
        {
            shared = NativeCreation.mt_from_shared(start, (int)dtype, count, &Unpin, GCHandle.ToIntPtr(pinned));
        }
        catch
        {
            pinned.Free();
            throw;
        }
        if (requires_grad) shared.requires_grad = true;
        return shared;
    }

    [UnmanagedCallersOnly]
    private static void Unpin(nint handle) => GCHandle.FromIntPtr(handle).Free();

    internal static unsafe Tensor FromData<T>(
        ReadOnlySpan<T> data, ReadOnlySpan<long> shape, ScalarType type, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
        where T : unmanaged
    {
        long count = 1;
        foreach (long length in shape) count *= length;
        if (count != data.Length) throw new ArgumentException($"mismatched total size creating a tensor from an array: {data.Length} != {count}");
        Tensor copy;
        fixed (T* start = data) copy = NativeCreation.mt_from_copy(start, (int)type, shape, shape.Length);
        return Finish(copy, dtype, device, requiresGrad, names);
    }

    private static Tensor Finish(Tensor made, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
    {
        RefuseNames(names);
        Device on = InitializeDevice(device);
        ScalarType type = dtype ?? made.dtype;
        if (type != made.dtype || on.type != made.device_type) made = made.to(type, on, disposeAfter: true);
        if (requiresGrad) made.requires_grad = true;
        return made;
    }

    /// <summary>The shape as it is, once it is clear that no names are asked for: named tensors are not carried here.</summary>
    private static ReadOnlySpan<long> Shape(ReadOnlySpan<long> size, string[]? names)
    {
        RefuseNames(names);
        return size;
    }

    private static void RefuseNames(string[]? names)
    {
        if (names is { Length: > 0 }) throw new NotSupportedException("Named tensors are not part of this stand-in.");
    }

    private static ReadOnlySpan<T> Flat<T>(Array array)
        where T : unmanaged =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array)), array.Length);

    private static ReadOnlySpan<T> Flat<T>(IList<T> list) => list switch
    {
        T[] array => array,
        List<T> grown => CollectionsMarshal.AsSpan(grown),
        _ => list.ToArray(),
    };

    private static ReadOnlySpan<long> Lengths(Array array)
    {
        var lengths = new long[array.Rank];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = array.GetLongLength(i);
        return lengths;
    }

    private static ScalarType TypeOf(Array array) => ScalarTypeOf(array.GetType().GetElementType()!);

    internal static ScalarType ScalarTypeOf(Type type) =>
        type == typeof(bool) ? ScalarType.Bool
        : type == typeof(byte) ? ScalarType.Byte
        : type == typeof(sbyte) ? ScalarType.Int8
        : type == typeof(short) ? ScalarType.Int16
        : type == typeof(int) ? ScalarType.Int32
        : type == typeof(long) ? ScalarType.Int64
        : type == typeof(float) ? ScalarType.Float32
        : type == typeof(double) ? ScalarType.Float64
        : type == typeof(Half) ? ScalarType.Float16
        : throw new ArgumentException($"No tensor holds elements of type {type}.");
}
