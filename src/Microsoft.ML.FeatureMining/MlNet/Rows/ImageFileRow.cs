namespace Microsoft.ML.FeatureMining.MlNet.Rows;

/// <summary>A picture file and its class.</summary>
internal sealed class ImageFileRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";
}
