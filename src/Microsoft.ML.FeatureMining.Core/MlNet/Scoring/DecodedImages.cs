using System.Buffers;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>The images of a batch of rows as a network takes them. Later batches reuse the memory.</summary>
internal sealed class DecodedImages : IDisposable
{
    private readonly int _bytes;
    private byte[]? _pixels;

    private DecodedImages(int count, int imageBytes)
    {
        _bytes = checked(count * imageBytes);
        _pixels = ArrayPool<byte>.Shared.Rent(_bytes);
        Sizes = new ImageSize[count];
    }

    /// <summary>The pixels of all images; those of an unreadable image are 0.</summary>
    public ReadOnlySpan<byte> Pixels => (_pixels ?? throw new ObjectDisposedException(nameof(DecodedImages))).AsSpan(0, _bytes);

    /// <summary>The sizes before resizing; 1x1 for an unreadable image.</summary>
    public ImageSize[] Sizes { get; }

    /// <summary>Decodes on all cores.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="imageBytes">The bytes of a preprocessed image.</param>
    /// <param name="decode">Decodes and preprocesses a row into existing memory.</param>
    /// <param name="errors">Receives why an image is unreadable, by row.</param>
    public static DecodedImages Of(
        IReadOnlyList<ImageSource> rows,
        int imageBytes,
        Func<ImageSource, Memory<byte>, ImageSize> decode,
        ImageDecodeException?[] errors
    )
    {
        DecodedImages images = new(rows.Count, imageBytes);
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
        if (Interlocked.Exchange(ref _pixels, null) is { } pixels)
        {
            ArrayPool<byte>.Shared.Return(pixels);
        }
    }
}
