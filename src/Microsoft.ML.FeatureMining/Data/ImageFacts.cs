using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>What can be told of a picture alone.</summary>
/// <param name="Width">Columns, upright.</param>
/// <param name="Height">Rows, upright.</param>
/// <param name="Digest">A hash of size and pixels: two files with the same picture in them have the same.</param>
internal readonly record struct ImageFacts(int Width, int Height, UInt128 Digest)
{
    /// <exception cref="ImageDecodeException">The bytes are no picture that can be read.</exception>
    public static ImageFacts Of(ReadOnlySpan<byte> encoded, long maxPixels)
    {
        DecodedImage image = ImageCodec.Decode(encoded, maxPixels);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> size = stackalloc byte[2 * sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(size, image.Width);
        BinaryPrimitives.WriteInt32LittleEndian(size[sizeof(int)..], image.Height);
        hash.AppendData(size);
        hash.AppendData(image.Pixels);
        return new ImageFacts(image.Width, image.Height, BinaryPrimitives.ReadUInt128LittleEndian(hash.GetHashAndReset()));
    }
}
