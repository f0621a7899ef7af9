namespace Microsoft.ML.FeatureMining.MlNet.Rows;

/// <summary>A part of a picture file, and what is on it.</summary>
internal sealed class PatchRow
{
    public string ImagePath { get; set; } = "";

    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";
}
