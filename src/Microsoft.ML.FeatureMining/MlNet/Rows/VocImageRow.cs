namespace Microsoft.ML.FeatureMining.MlNet.Rows;

/// <summary>A picture of Pascal VOC and the classes on it.</summary>
internal sealed class VocImageRow
{
    public string ImagePath { get; set; } = "";

    public string[] Labels { get; set; } = [];

    public string[] DifficultLabels { get; set; } = [];
}
