using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>Planar floats, taken as they are.</summary>
internal sealed class PlanarRowImage(float[] values) : RowImage
{
    public override long Bytes => values.LongLength * sizeof(float);

    public override byte[] ToPixels() => Array.TrueForAll(values, float.IsFinite)
        ? MemoryMarshal.AsBytes<float>(values).ToArray()
        : throw new ImageDecodeException("A pixel is not a finite number.");
}
