namespace Microsoft.ML.FeatureMining.MlNet.Rows;

/// <summary>A picture that was in no file of its own, and its class.</summary>
internal sealed class EncodedImageRow
{
    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";
}
