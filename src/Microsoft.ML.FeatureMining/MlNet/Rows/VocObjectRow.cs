using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Rows;

/// <summary>An object on a picture of Pascal VOC.</summary>
internal sealed class VocObjectRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";

    [VectorType(4)]
    public float[] Box { get; set; } = [];

    public bool Difficult { get; set; }

    public bool Truncated { get; set; }
}
