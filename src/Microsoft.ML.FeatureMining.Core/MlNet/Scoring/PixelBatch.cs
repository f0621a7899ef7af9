using System.Buffers;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>The pixels of a batch of rows, as a network takes them. Once it is disposed, later batches reuse its memory.</summary>
internal sealed class PixelBatch : IDisposable
{
    private readonly int _bytes;
    private byte[]? _pixels;

    private PixelBatch(int count, int imageBytes)
    {
        _bytes = checked(count * imageBytes);
        _pixels = ArrayPool<byte>.Shared.Rent(_bytes);
        Sizes = new ImageSize[count];
    }

    /// <summary>The pixels of all images; those of an unreadable image are 0.</summary>
    public ReadOnlySpan<byte> Pixels => (_pixels ?? throw new ObjectDisposedException(nameof(PixelBatch))).AsSpan(0, _bytes);

    /// <summary>The sizes before resizing; 1x1 for an unreadable image, and not set for planar floats.</summary>
    public ImageSize[] Sizes { get; }

    /// <summary>Decodes on all cores.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="imageBytes">The bytes of a preprocessed image.</param>
    /// <param name="decode">Decodes and preprocesses a row into existing memory.</param>
    /// <param name="errors">Receives why an image is unreadable, by row.</param>
    public static PixelBatch Decode(
        IReadOnlyList<ImageSource> rows,
        int imageBytes,
        Func<ImageSource, Memory<byte>, ImageSize> decode,
        ImageDecodeException?[] errors
    )
    {
        PixelBatch images = new(rows.Count, imageBytes);
        ParallelLoop.For(
            rows.Count,
            i =>
            {
                Memory<byte> pixels = images._pixels.AsMemory(i * imageBytes, imageBytes);
                try
                {
                    images.Sizes[i] = decode(rows[i], pixels);
                }
                catch (ImageDecodeException e)
                {
                    (errors[i], images.Sizes[i]) = (e, new ImageSize(1, 1));
                    pixels.Span.Clear();
                }
            }
        );
        return images;
    }

    public void Dispose()
    {
        if (_pixels is { } pixels)
        {
            _pixels = null;
            ArrayPool<byte>.Shared.Return(pixels);
        }
    }
}
