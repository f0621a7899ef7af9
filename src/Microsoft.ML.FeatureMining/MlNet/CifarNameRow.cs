namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>A row of LoadCifar with a file of names.</summary>
internal sealed class CifarNameRow
{
    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";
}
