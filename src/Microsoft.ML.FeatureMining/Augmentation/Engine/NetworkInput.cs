using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>
/// From raw images in memory to what the network takes: augmented, normalized, laid out as NHWC. What can be done on bytes in memory is done while they are copied, on all
/// cores; on a CPU the same pass makes bytes the normalized numbers, and for crops and mirrors that is all there is to do.
/// </summary>
/// <param name="shape">The shape of the images in memory.</param>
/// <param name="element">Bytes or floats.</param>
/// <param name="pixels">What they are normalized by.</param>
/// <param name="device">Where the network is.</param>
/// <param name="network">The shape that the network takes; null where it is the same.</param>
internal sealed class NetworkInput(ImageShape shape, PixelType element, ChannelStatistics pixels, Device device, ImageShape? network = null) : IDisposable
{
    private readonly ImageShape _network = network ?? shape;
    private readonly Normalization _normalization = new(pixels.Mean, pixels.Std, device);
    private readonly int _imageBytes = ImageSet.ImageBytes(shape, element);

    private delegate void Copy(int image, ReadOnlySpan<byte> source, Span<byte> target);

    /// <summary>A batch, augmented: each augmentation draws from the stream of its key. Where images are larger than the network's, one of them crops.</summary>
    public Tensor Of(HostBatch batch, IReadOnlyList<ImageAugmentation> augmentations, RandomStreams random)
    {
        using DisposeScope scope = NewDisposeScope();
        List<BatchOperation> inMemory = [];
        int done = 0;
        for (; done < augmentations.Count && augmentations[done].InMemory(batch.Count, After(inMemory), _network, element, random[augmentations[done].Key]) is { } next; done++)
        {
            Add(inMemory, next);
        }

        if (done == augmentations.Count)
        {
            return Of(batch.Pixels, batch.Count, [.. inMemory]).MoveToOuterDisposeScope();
        }

        Tensor images = Upload(batch.Pixels, batch.Count, [.. inMemory]);
        foreach (ImageAugmentation augmentation in augmentations.Skip(done))
        {
            images = Augmented(images, augmentation, random[augmentation.Key]);
        }

        return Normalized(images).MoveToOuterDisposeScope();
    }

    /// <summary>Images as they are, or the middle of larger ones; <paramref name="images"/> may be longer than <paramref name="count"/> of them.</summary>
    public Tensor Of(ReadOnlySpan<byte> images, int count) => Of(images, count, shape == _network ? [] : [PixelMoves.Middle(count, shape, _network)]);

    public void Dispose() => _normalization.Dispose();

    // Moves that follow each other are one.
    private static void Add(List<BatchOperation> operations, BatchOperation next)
    {
        if (next is PixelMoves last && operations is [.., PixelMoves before])
        {
            operations[^1] = last.After(before);
        }
        else
        {
            operations.Add(next);
        }
    }

    // The shape of an image after operations.
    private ImageShape After(IReadOnlyList<BatchOperation> operations) => operations is [.., var last] ? last.Result : shape;

    private Tensor Of(ReadOnlySpan<byte> images, int count, BatchOperation[] operations)
    {
        using DisposeScope scope = NewDisposeScope();
        bool inOnePass = device.type == DeviceType.CPU && element == PixelType.Byte;
        return (inOnePass ? Numbers(images, count, operations) : Normalized(Upload(images, count, operations))).MoveToOuterDisposeScope();
    }

    private Tensor Augmented(Tensor images, ImageAugmentation augmentation, RandomStream random)
    {
        long[] shape = [.. images.shape[..2], .. augmentation.Crops ? [_network.Height, _network.Width] : images.shape[2..]];
        Tensor result = augmentation.CropTo(images, _network, random);
        return result.dtype == images.dtype && result.shape.SequenceEqual(shape)
            ? result
            : throw new InvalidOperationException($"The augmentation '{augmentation.Key}' makes {result.dtype} [{string.Join(',', result.shape)}] of {images.dtype} [{string.Join(',', images.shape)}]; "
                + $"it has to give {images.dtype} [{string.Join(',', shape)}].");
    }

    private Tensor Normalized(Tensor images) => ChannelsLast.Of(_normalization.Apply(images));

    private Tensor Numbers(ReadOnlySpan<byte> images, int count, BatchOperation[] operations)
    {
        // The last pass of all is one that moves pixels, be it to where they are.
        (PixelMoves moves, BatchOperation[] before) = operations is [.. var others, PixelMoves last]
            ? (last, others)
            : (PixelMoves.None(count, After(operations)), operations);
        Tensor numbers = empty([count, moves.Result.Height, moves.Result.Width, shape.Channels], ScalarType.Float32, CPU);    // [N,H,W,C]
        int changedBytes = After(before).Length;
        EachImage(images, numbers, count, (n, image, target) =>
        {
            if (before.Length == 0)
            {
                moves.Move(n, image, _normalization.Numbers, MemoryMarshal.Cast<byte, float>(target));
                return;
            }

            byte[] changed = ArrayPool<byte>.Shared.Rent(changedBytes);
            Apply(before, n, image, changed.AsSpan(0, changedBytes));
            moves.Move(n, changed.AsSpan(0, changedBytes), _normalization.Numbers, MemoryMarshal.Cast<byte, float>(target));
            ArrayPool<byte>.Shared.Return(changed);
        });
        return numbers.permute(0, 3, 1, 2);
    }

    private Tensor Upload(ReadOnlySpan<byte> images, int count, BatchOperation[] operations)
    {
        if (operations.Length == 0)
        {
            return DeviceBatches.Upload(images, count, shape, element, device);
        }

        ImageShape result = After(operations);
        Tensor host = empty([count, result.Channels, result.Height, result.Width], dtype: element == PixelType.Byte ? ScalarType.Byte : ScalarType.Float32, device: CPU);
        EachImage(images, host, count, element == PixelType.Byte
            ? (n, image, target) => Apply(operations, n, image, target)
            : (n, image, target) => ((PixelMoves)operations.Single()).Move(n, MemoryMarshal.Cast<byte, float>(image), MemoryMarshal.Cast<byte, float>(target)));
        return host.to(device);
    }

    private static void Apply(BatchOperation[] operations, int n, ReadOnlySpan<byte> image, Span<byte> target)
    {
        // Nothing makes an image larger.
        byte[] changed = ArrayPool<byte>.Shared.Rent(2 * image.Length);
        ReadOnlySpan<byte> current = image;
        for (int i = 0; i < operations.Length; i++)
        {
            Span<byte> next = i == operations.Length - 1 ? target : changed.AsSpan(i % 2 * image.Length, operations[i].Result.Length);
            operations[i].Apply(n, current, next);
            current = next;
        }

        ArrayPool<byte>.Shared.Return(changed);
    }

    private unsafe void EachImage(ReadOnlySpan<byte> images, Tensor host, int count, Copy copy)
    {
        Span<byte> target = host.bytes;
        int targetBytes = target.Length / Math.Max(1, count);
        fixed (byte* sourceStart = images[..checked(count * _imageBytes)], targetStart = target)
        {
            // Spans cannot go to other threads.
            (nint from, nint to) = ((nint)sourceStart, (nint)targetStart);
            ParallelLoop.For(count, n => copy(n, Image(from, n, _imageBytes), Image(to, n, targetBytes)));
        }
    }

    private static unsafe Span<byte> Image(nint start, int n, int bytes) => new((byte*)start + ((long)n * bytes), bytes);
}

/// <summary>Moves raw pixels to a device.</summary>
internal static class DeviceBatches
{
    /// <summary>Raw images [N,C,H,W] as bytes or floats, whichever the set has. <paramref name="pixels"/> may be longer than <paramref name="count"/> images.</summary>
    public static Tensor Upload(ReadOnlySpan<byte> pixels, int count, ImageShape shape, PixelType element, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        int bytes = checked(count * ImageSet.ImageBytes(shape, element));
        long[] size = [count, shape.Channels, shape.Height, shape.Width];
        Tensor host = empty(size, dtype: element == PixelType.Byte ? ScalarType.Byte : ScalarType.Float32, device: CPU);
        pixels[..bytes].CopyTo(host.bytes);
        return host.to(device).MoveToOuterDisposeScope();
    }
}
