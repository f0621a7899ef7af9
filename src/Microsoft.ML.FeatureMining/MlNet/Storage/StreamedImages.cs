using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;

namespace Microsoft.ML.FeatureMining.MlNet.Storage;

/// <summary>Decodes images again that were decoded before, and insists on the same pixels.</summary>
internal sealed class StreamedImages(ImageColumn column, ulong[] checksums)
{
    private readonly int _imageBytes = ImageSet.ImageBytes(column.Shape, column.Element);

    public int Count => checksums.Length;

    public ulong Checksum(int row) => checksums[row];

    /// <summary>The pixels of a few rows, one after another, decoded on all cores.</summary>
    /// <exception cref="ImageDecodeException">An image cannot be read any more, or is another one now.</exception>
    public byte[] Decode(int[] rows, IReadOnlyList<RowImage> images, BatchMemory memory)
    {
        byte[] pixels = memory.Take(checked(rows.Length * _imageBytes));
        AllCores.For(rows.Length, i => Decode(rows[i], images[i], pixels.AsMemory(i * _imageBytes, _imageBytes)));
        return pixels;
    }

    private void Decode(int row, RowImage image, Memory<byte> pixels)
    {
        try
        {
            image.Read(pixels);
        }
        catch (ImageDecodeException e)
        {
            throw Changed(row, image, $"cannot be read any more: {e.Message}", e);
        }
        if (PixelStore.ChecksumOf(pixels.Span) != checksums[row])
            throw Changed(row, image, "is another one now.", null);
    }

    private ImageDecodeException Changed(int row, RowImage image, string what, Exception? cause)
    {
        string name = FormattableString.Invariant($"Image {row} of column '{column.Column.Name}'{(image.File is { } file ? $", file '{file}'" : "")}");
        string message = $"{name}, was read when Fit began and {what}";
        return cause is null ? new ImageDecodeException(message) : new ImageDecodeException(message, cause);
    }
}
