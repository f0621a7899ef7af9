using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Images;

/// <summary>The bytes of a picture file.</summary>
internal sealed class EncodedRowImage(byte[] encoded, ImagePreprocessing preprocessing, long maxPixels) : RowImage
{
    public override long Bytes => encoded.Length;

    public override byte[] ContentHash() => SHA256.HashData(encoded);

    public override RowImage For(ImagePreprocessing other) => new EncodedRowImage(encoded, other, maxPixels);

    protected override int PixelBytes => preprocessing.Shape.Length;

    public override void Read(Memory<byte> pixels)
    {
        if (encoded.Length == 0)
            throw new ImageDecodeException("There is no picture: the value is empty, as for a file that is missing.");
        preprocessing.Apply(encoded, maxPixels, pixels);
    }
}
