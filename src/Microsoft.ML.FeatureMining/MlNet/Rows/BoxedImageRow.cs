using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Rows;

/// <summary>A picture file, its class, and where on the picture it is.</summary>
internal sealed class BoxedImageRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";

    [VectorType(4)]
    public float[] Box { get; set; } = [];
}
