namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>What tells one DenseNet from another (Huang et al. 2017, table 1 and section 3).</summary>
/// <param name="Growth">Channels that each layer adds.</param>
/// <param name="Blocks">Layers of each block.</param>
/// <param name="Bottleneck">Whether a 1x1 convolution comes before the 3x3 of each layer.</param>
/// <param name="Compression">The share of channels that a transition keeps.</param>
/// <param name="StemChannels">Of the first convolution.</param>
/// <param name="Stem">The kind of the first layers.</param>
internal sealed record DenseNetShape(int Growth, int[] Blocks, bool Bottleneck, double Compression, int StemChannels, DenseNetStem Stem)
{
    /// <summary>For large images: table 1.</summary>
    public static DenseNetShape Of121(bool small) => new(32, [6, 12, 24, 16], true, 0.5, 64, small ? DenseNetStem.Small : DenseNetStem.Large);

    /// <summary>For small images, three blocks: DenseNet (k) or, with bottlenecks and compression, DenseNet-BC (k).</summary>
    /// <exception cref="ArgumentException">No such network has that depth.</exception>
    public static DenseNetShape OfDepth(int depth, int growth, bool bottleneck)
    {
        int perBlock = bottleneck ? 6 : 3;
        int layers = (depth - 4) / perBlock;
        return layers >= 1 && (depth - 4) % perBlock == 0 && growth >= 1
            ? new DenseNetShape(growth, [layers, layers, layers], bottleneck, bottleneck ? 0.5 : 1, bottleneck ? 2 * growth : 16, DenseNetStem.Bare)
            : throw new ArgumentException($"A DenseNet {(bottleneck ? "with" : "without")} bottlenecks has {perBlock}n + 4 layers and a growth of at least 1, not {depth} and {growth}.");
    }
}
