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

    public override byte[] ToPixels() => Array.TrueForAll(values, float.IsFinite)
        ? MemoryMarshal.AsBytes<float>(values).ToArray()
        : throw new ImageDecodeException("A pixel is not a finite number.");
}
