using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>
/// Turns a batch of raw images in memory, bytes or floats [N,C,H,W], into the input of the network: augmented and normalized floats [N,C,H',W'], channels_last,
/// on the device.
/// <para>Why it is more than a chain of tensor operations: as tensors, pad, crop, flip and normalize are five passes over the batch. They only move bytes and
/// look them up, so here they are one pass from the bytes to the normalized floats, parallel over the images. <c>bench load</c> measures it
/// (bench/README.md, "Loading").</para>
/// <para>The order for a batch: (1) The leading augmentations that can run in memory (<see cref="ImageAugmentation.InMemory"/>) draw their random
/// numbers. Moves of pixels that follow each other are combined (<see cref="PixelMoves"/>). (2) If no other augmentation is left, the device is a CPU and the
/// images are bytes, there is one pass: the last move writes normalized floats in [N,H',W',C] order (<see cref="ByteNormalizer"/>); what comes before it writes
/// to a pooled buffer. (3) Otherwise the operations in memory write raw images, which are uploaded, augmented as tensors by the rest, and normalized there
/// (<see cref="Normalization"/>).</para>
/// <para>Invariants: each augmentation draws the same numbers from its own stream on either path, and moves and normalization are bit-identical to the
/// tensor operations. Only resized crops (<see cref="ResizedCrops"/>) differ, by at most one level in 255, because they compute in fixed point.</para>
/// </summary>
/// <param name="shape">The shape of the raw images.</param>
/// <param name="element">Bytes or floats.</param>
/// <param name="pixels">Mean and std to normalize by.</param>
/// <param name="device">The device of the network.</param>
/// <param name="network">The shape that the network takes; null if it is the same.</param>
internal sealed class NetworkInput(ImageShape shape, PixelType element, ChannelStatistics pixels, Device device, ImageShape? network = null) : IDisposable
{
    private readonly ImageShape _network = network ?? shape;
    private readonly Normalization _normalization = new(pixels.Mean, pixels.Std, device);
    private readonly int _imageBytes = PixelTypes.ImageBytes(shape, element);

    private delegate void Copy(int image, ReadOnlySpan<byte> source, Span<byte> target);

    /// <summary>
    /// The input for training: augmented, each augmentation drawing from the stream of its key. If the images are larger than the network's, one of the
    /// augmentations must crop them.
    /// </summary>
    /// <param name="batch">The raw images.</param>
    /// <param name="augmentations">The augmentations, in order.</param>
    /// <param name="random">The streams of the run.</param>
    /// <param name="size">The shape of the result, if it is smaller than the network's (progressive resizing); null for the network's.</param>
    public Tensor Of(HostBatch batch, IReadOnlyList<ImageAugmentation> augmentations, RandomStreams random, ImageShape? size = null)
    {
        using DisposeScope scope = NewDisposeScope();
        ImageShape wanted = size ?? _network;
        ImageAugmentation[] crops = [.. augmentations.Where(augmentation => augmentation.Crops)];
        ImageShape cropped = crops.Length > 0 && crops.All(crop => crop.Resizes) ? wanted : _network;
        Tensor images = Augmented(batch, augmentations, random, cropped);
        return (cropped == wanted ? images : AntialiasedResize.Apply(images, wanted.Height, wanted.Width)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The input for scoring: the images as they are, or a center crop of larger ones. <paramref name="images"/> may be longer than <paramref name="count"/>
    /// images.
    /// </summary>
    public Tensor Of(ReadOnlySpan<byte> images, int count) => Of(images, count, shape == _network ? [] : [PixelMoves.Middle(count, shape, _network)]);

    public void Dispose() => _normalization.Dispose();

    // Augmented and normalized images of the shape that the cropping augmentations crop to.
    private Tensor Augmented(HostBatch batch, IReadOnlyList<ImageAugmentation> augmentations, RandomStreams random, ImageShape cropped)
    {
        List<BatchOperation> inMemory = [];
        int done = 0;
        for (
            ;
            done < augmentations.Count
                && augmentations[done].InMemory(batch.Count, After(inMemory), cropped, element, random[augmentations[done].Key]) is { } next;
            done++
        )
        {
            Add(inMemory, next);
        }

        if (done == augmentations.Count)
        {
            return Of(batch.Pixels, batch.Count, [.. inMemory]);
        }

        Tensor images = Upload(batch.Pixels, batch.Count, [.. inMemory]);
        foreach (ImageAugmentation augmentation in augmentations.Skip(done))
        {
            images = Augmented(images, augmentation, cropped, random[augmentation.Key]);
        }

        return Normalized(images);
    }

    // Consecutive moves are combined into one.
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
        return (inOnePass ? NormalizedInOnePass(images, count, operations) : Normalized(Upload(images, count, operations))).MoveToOuterDisposeScope();
    }

    private static Tensor Augmented(Tensor images, ImageAugmentation augmentation, ImageShape cropped, RandomStream random)
    {
        long[] shape = [.. images.shape[..2], .. augmentation.Crops ? [cropped.Height, cropped.Width] : images.shape[2..]];
        Tensor result = augmentation.CropTo(images, cropped, random);
        return result.dtype == images.dtype && result.shape.SequenceEqual(shape)
            ? result
            : throw new InvalidOperationException(
                $"The augmentation '{augmentation.Key}' returned {result.dtype} [{string.Join(',', result.shape)}] "
                    + $"for {images.dtype} [{string.Join(',', images.shape)}]; it must return {images.dtype} [{string.Join(',', shape)}]."
            );
    }

    private Tensor Normalized(Tensor images) => ChannelsLast.Of(_normalization.Apply(images));

    private Tensor NormalizedInOnePass(ReadOnlySpan<byte> images, int count, BatchOperation[] operations)
    {
        // The last operation moves pixels; if none does, add one that moves nothing.
        (PixelMoves moves, BatchOperation[] before) = operations is [.. var others, PixelMoves last]
            ? (last, others)
            : (PixelMoves.None(count, After(operations)), operations);
        Tensor normalized = empty([count, moves.Result.Height, moves.Result.Width, shape.Channels], ScalarType.Float32, CPU); // [N,H,W,C]
        int changedBytes = After(before).Length;
        EachImage(
            images,
            normalized,
            count,
            (n, image, target) =>
            {
                if (before.Length == 0)
                {
                    moves.Move(n, image, _normalization.Bytes, MemoryMarshal.Cast<byte, float>(target));
                    return;
                }

                byte[] changed = ArrayPool<byte>.Shared.Rent(changedBytes);
                Apply(before, n, image, changed.AsSpan(0, changedBytes));
                moves.Move(n, changed.AsSpan(0, changedBytes), _normalization.Bytes, MemoryMarshal.Cast<byte, float>(target));
                ArrayPool<byte>.Shared.Return(changed);
            }
        );
        return normalized.permute(0, 3, 1, 2);
    }

    private Tensor Upload(ReadOnlySpan<byte> images, int count, BatchOperation[] operations)
    {
        if (operations.Length == 0)
        {
            return DeviceBatches.Upload(images, count, shape, element, device);
        }

        ImageShape result = After(operations);
        Tensor host = DeviceBatches.Staging(count, result, element, device);
        EachImage(
            images,
            host,
            count,
            element == PixelType.Byte
                ? (n, image, target) => Apply(operations, n, image, target)
                : (n, image, target) =>
                    ((PixelMoves)operations.Single()).Move(n, MemoryMarshal.Cast<byte, float>(image), MemoryMarshal.Cast<byte, float>(target))
        );
        return DeviceCopy.Upload(host, device);
    }

    private static void Apply(BatchOperation[] operations, int n, ReadOnlySpan<byte> image, Span<byte> target)
    {
        // Two buffers, used in turn; no operation enlarges an image.
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
        fixed (
            byte* sourceStart = images[..checked(count * _imageBytes)],
                targetStart = target
        )
        {
            // Spans cannot go to other threads.
            (nint from, nint to) = ((nint)sourceStart, (nint)targetStart);
            ParallelLoop.For(count, n => copy(n, Image(from, n, _imageBytes), Image(to, n, targetBytes)));
        }
    }

    private static unsafe Span<byte> Image(nint start, int n, int bytes) => new((byte*)start + ((long)n * bytes), bytes);
}

/// <summary>Copies raw images to a device.</summary>
internal static class DeviceBatches
{
    /// <summary>Raw images [N,C,H,W], bytes or floats as they are. <paramref name="pixels"/> may be longer than <paramref name="count"/> images.</summary>
    public static Tensor Upload(ReadOnlySpan<byte> pixels, int count, ImageShape shape, PixelType element, Device device)
    {
        Tensor host = Staging(count, shape, element, device);
        pixels[..checked(count * PixelTypes.ImageBytes(shape, element))].CopyTo(host.bytes);
        return DeviceCopy.Upload(host, device);
    }

    /// <summary>A tensor on the CPU for raw images, not initialized.</summary>
    public static Tensor Staging(int count, ImageShape shape, PixelType element, Device device) =>
        DeviceCopy.Staging([count, shape.Channels, shape.Height, shape.Width], element == PixelType.Byte ? ScalarType.Byte : ScalarType.Float32, device);
}
