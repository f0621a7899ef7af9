namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>A row of LoadImageFolder.</summary>
internal sealed class ImageFileRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";
}
