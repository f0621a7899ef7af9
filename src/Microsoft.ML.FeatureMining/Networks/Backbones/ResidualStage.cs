using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>A stage of residual blocks: the first changes channels and size, the others keep them.</summary>
internal static class ResidualStage
{
    public static Sequential Of(int blocks, BlockShape first, int expansion, Func<BlockShape, nn.Module<Tensor, Tensor>> make) =>
        nn.Sequential(Enumerable.Range(0, blocks).Select(i => make(i == 0 ? first : new BlockShape(first.Planes * expansion, first.Planes, 1))).ToArray());
}
