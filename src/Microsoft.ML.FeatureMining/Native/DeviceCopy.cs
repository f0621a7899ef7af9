using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>
/// Copies data from managed memory to a device. On a GPU, a copy from ordinary memory waits until all work in the queue of the GPU is done. A copy from
/// page-locked (pinned) memory joins the queue, so the next step is prepared while the GPU computes. libtorch keeps the pinned memory until the copy is done.
/// </summary>
internal static class DeviceCopy
{
    /// <summary>A tensor on the CPU, not initialized, to be filled and given to <see cref="Upload(Tensor, Device)"/>. It is pinned for a GPU.</summary>
    public static Tensor Staging(long[] shape, ScalarType type, Device device)
    {
        Tensor memory = empty(shape, type, CPU);
        if (device.type != DeviceType.CUDA)
        {
            return memory;
        }

        using (memory)
        {
            return memory.pin_memory();
        }
    }

    /// <summary>Copies a tensor of <see cref="Staging"/> to its device, and disposes it. On the CPU it is returned as it is.</summary>
    public static Tensor Upload(Tensor staging, Device device)
    {
        if (device.type == DeviceType.CPU)
        {
            return staging;
        }

        using (staging)
        {
            return staging.to(device, non_blocking: device.type == DeviceType.CUDA);
        }
    }

    /// <summary>
    /// Random numbers on a device, the same on every device: they are drawn on the CPU, because TorchSharp has no generators for GPUs (a Generator with a GPU
    /// as its device is one for the CPU).
    /// </summary>
    /// <param name="shape">The shape.</param>
    /// <param name="type">The type to draw and to copy.</param>
    /// <param name="device">The device.</param>
    /// <param name="seed">The seed of the generator.</param>
    /// <param name="draw">Fills the tensor in place.</param>
    public static Tensor Draw(long[] shape, ScalarType type, Device device, long seed, Action<Tensor, Generator> draw)
    {
        using Generator generator = new((ulong)seed, CPU);
        Tensor numbers = Staging(shape, type, device);
        draw(numbers, generator);
        return Upload(numbers, device);
    }

    /// <summary>Copies an array to a device.</summary>
    /// <param name="values">The elements, row by row.</param>
    /// <param name="device">The device.</param>
    /// <param name="shape">The shape of the tensor; one axis by default.</param>
    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    public static Tensor Upload<T>(this T[] values, Device device, params long[] shape)
        where T : unmanaged
    {
        Tensor staging = Staging(shape.Length == 0 ? [values.Length] : shape, TypeOf<T>(), device);
        if (staging.numel() != values.Length)
        {
            throw new ArgumentException($"{values.Length} values do not fill a tensor of shape [{string.Join(',', shape)}].", nameof(values));
        }

        MemoryMarshal.AsBytes<T>(values).CopyTo(staging.bytes);
        return Upload(staging, device);
    }

    private static ScalarType TypeOf<T>() =>
        default(T) switch
        {
            bool => ScalarType.Bool,
            byte => ScalarType.Byte,
            int => ScalarType.Int32,
            long => ScalarType.Int64,
            float => ScalarType.Float32,
            double => ScalarType.Float64,
            _ => throw new NotSupportedException(typeof(T).Name),
        };
}
