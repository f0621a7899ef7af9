namespace Microsoft.ML.FeatureMining.MlNet.Rows;

/// <summary>A picture that was in no file of its own, and the number of its class.</summary>
internal sealed class NumberedImageRow
{
    public byte[] Image { get; set; } = [];

    public uint Label { get; set; }
}
