using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Images;

/// <summary>Planar floats, taken as they are.</summary>
internal sealed class PlanarRowImage(float[] values) : RowImage
{
    public override long Bytes => values.LongLength * sizeof(float);

    public override byte[] ContentHash() => SHA256.HashData(MemoryMarshal.AsBytes<float>(values));

    public override RowImage For(ImagePreprocessing other) => this;

    protected override int PixelBytes => values.Length * sizeof(float);

    public override void Read(Memory<byte> pixels)
    {
        if (!Array.TrueForAll(values, float.IsFinite))
            throw new ImageDecodeException("A pixel is not a finite number.");
        MemoryMarshal.AsBytes<float>(values).CopyTo(pixels.Span);
    }
}
