namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>A row of LoadCifar without a file of names.</summary>
internal sealed class CifarNumberRow
{
    public byte[] Image { get; set; } = [];

    public uint Label { get; set; }
}
