using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Rows;

/// <summary>A picture file of an ImageNet class.</summary>
internal sealed class SynsetImageRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";

    public string Description { get; set; } = "";

    public static SynsetImageRow Of(SynsetImageFile file) => new() { ImagePath = file.Path, Label = file.Class.Id, Description = file.Class.Description };
}
