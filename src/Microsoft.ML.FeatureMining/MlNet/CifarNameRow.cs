using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>A row of LoadCifar with a file of names.</summary>
internal sealed class CifarNameRow
{
    [VectorType(3, 32, 32)]
    public float[] Image { get; set; } = [];

    public string Label { get; set; } = "";
}
