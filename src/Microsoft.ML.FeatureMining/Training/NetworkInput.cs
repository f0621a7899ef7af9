using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// From raw images in memory to what the network takes: augmented, normalized, laid out as NHWC. What only moves pixels is done while they are copied; on a CPU the same copy
/// makes bytes the normalized numbers, and that is all there is to do for crops and mirrors.
/// </summary>
internal sealed class NetworkInput(ImageShape shape, PixelType element, ChannelStatistics pixels, Device device) : IDisposable
{
    private readonly Normalization _normalization = new(pixels.Mean, pixels.Std, device);
    private readonly int _imageBytes = ImageSet.ImageBytes(shape, element);

    private delegate void Copy(int image, ReadOnlySpan<byte> source, Span<byte> target);

    /// <summary>A batch, augmented: each augmentation draws from the stream of its key.</summary>
    public Tensor Of(HostBatch batch, IReadOnlyList<ImageAugmentation> augmentations, RandomStreams random)
    {
        using DisposeScope scope = NewDisposeScope();
        PixelMoves? moves = null;
        int done = 0;
        for (; done < augmentations.Count && augmentations[done].Moves(batch.Count, shape.Height, shape.Width, random[augmentations[done].Key]) is { } next; done++)
        {
            moves = moves is null ? next : next.After(moves);
        }

        if (done == augmentations.Count)
        {
            return Of(batch.Pixels, batch.Count, moves).MoveToOuterDisposeScope();
        }

        Tensor images = Upload(batch.Pixels, batch.Count, moves);
        foreach (ImageAugmentation augmentation in augmentations.Skip(done))
        {
            images = augmentation.Apply(images, random[augmentation.Key]);
        }

        return Normalized(images).MoveToOuterDisposeScope();
    }

    /// <summary>Images, moved or as they are; <paramref name="images"/> may be longer than <paramref name="count"/> of them.</summary>
    public Tensor Of(ReadOnlySpan<byte> images, int count, PixelMoves? moves = null)
    {
        using DisposeScope scope = NewDisposeScope();
        bool inOnePass = device.type == DeviceType.CPU && element == PixelType.Byte;
        return (inOnePass ? LookedUp(images, count, moves) : Normalized(Upload(images, count, moves))).MoveToOuterDisposeScope();
    }

    public void Dispose() => _normalization.Dispose();

    private Tensor Normalized(Tensor images) => ChannelsLast.Of(_normalization.Apply(images));

    private Tensor LookedUp(ReadOnlySpan<byte> images, int count, PixelMoves? moves)
    {
        moves ??= PixelMoves.None(count, shape.Height, shape.Width);
        Tensor numbers = empty([count, shape.Height, shape.Width, shape.Channels]);    // [N,H,W,C]
        EachImage(images, numbers, count, (n, image, target) => moves.Look(n, image, _normalization.Levels, MemoryMarshal.Cast<byte, float>(target)));
        return numbers.permute(0, 3, 1, 2);
    }

    private Tensor Upload(ReadOnlySpan<byte> images, int count, PixelMoves? moves)
    {
        if (moves is null)
        {
            return DeviceBatches.Upload(images, count, shape, element, device);
        }

        Tensor host = empty([count, shape.Channels, shape.Height, shape.Width], dtype: element == PixelType.Byte ? ScalarType.Byte : ScalarType.Float32);
        EachImage(images, host, count, element == PixelType.Byte
            ? moves.Move
            : (n, image, target) => moves.Move(n, MemoryMarshal.Cast<byte, float>(image), MemoryMarshal.Cast<byte, float>(target)));
        return host.to(device);
    }

    private unsafe void EachImage(ReadOnlySpan<byte> images, Tensor host, int count, Copy copy)
    {
        Span<byte> target = host.bytes;
        int targetBytes = target.Length / Math.Max(1, count);
        fixed (byte* sourceStart = images[..checked(count * _imageBytes)], targetStart = target)
        {
            // Spans cannot go to other threads.
            (nint from, nint to) = ((nint)sourceStart, (nint)targetStart);
            AllCores.For(count, n => copy(n, Image(from, n, _imageBytes), Image(to, n, targetBytes)));
        }
    }

    private static unsafe Span<byte> Image(nint start, int n, int bytes) => new((byte*)start + ((long)n * bytes), bytes);
}
