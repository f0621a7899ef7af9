namespace Microsoft.ML.FeatureMining.MlNet.Rows;

/// <summary>A picture file and its classes.</summary>
internal sealed class MultilabelImageRow
{
    public string ImagePath { get; set; } = "";

    public string[] Labels { get; set; } = [];
}
