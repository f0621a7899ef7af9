namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>Depths of the three-stage networks for small images: so many blocks a stage, of two or three layers each, and two layers around them.</summary>
internal static class CifarDepth
{
    /// <summary>Blocks a stage.</summary>
    /// <exception cref="ArgumentException">No such network has that depth.</exception>
    public static int Blocks(string family, int depth, bool bottleneck)
    {
        int perBlock = bottleneck ? 9 : 6;
        return depth >= perBlock + 2 && (depth - 2) % perBlock == 0
            ? (depth - 2) / perBlock
            : throw new ArgumentException($"A {family} with {(bottleneck ? "bottleneck" : "basic")} blocks has {perBlock}n + 2 layers; {depth} is not of that form.");
    }
}
