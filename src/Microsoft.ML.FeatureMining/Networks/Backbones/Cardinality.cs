namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>The "32x4d" of a ResNeXt (Xie et al. 2017, table 2): how many groups, and how many channels has each at the first stage.</summary>
internal readonly record struct Cardinality(int Groups, int GroupWidth)
{
    /// <summary>No groups, and the width of the stage: a ResNet.</summary>
    public static Cardinality One { get; } = new(1, 64);

    /// <summary>Channels within a block of a stage of so many planes.</summary>
    public int Width(int planes) => planes * GroupWidth / 64 * Groups;
}
