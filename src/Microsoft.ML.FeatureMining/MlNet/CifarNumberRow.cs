using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>A row of LoadCifar without a file of names.</summary>
internal sealed class CifarNumberRow
{
    [VectorType(3, 32, 32)]
    public float[] Image { get; set; } = [];

    public uint Label { get; set; }
}
