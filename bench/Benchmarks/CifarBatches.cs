using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>Batches as in a Fit from a data set in memory: loader, upload, crop, flip and normalization.</summary>
internal sealed class CifarBatches(int batch) : LoaderTurn("ours, from memory")
{
    private readonly ImageSet _set = Noise.Images(16384, 32);
    private readonly RandomStream _order = new(1, "order");
    private readonly RandomStreams _draws = new(1);
    private readonly ImageAugmentation[] _augmentations = [new PadCropFlip()];
    private readonly NetworkInput _input = new(new ImageShape(3, 32, 32), PixelType.Byte, new ChannelStatistics([127, 127, 127], [64, 64, 64]), CPU);

    public override void Dispose() => _input.Dispose();

    protected override void Load(int batches)
    {
        int[] order = [.. Enumerable.Range(0, batches * batch).Select(_ => _order.NextInt(_set.Count))];
        foreach (HostBatch loaded in BatchLoader.Load(_set, order, batch))
        {
            using HostBatch done = loaded;
            using DisposeScope scope = NewDisposeScope();
            _input.Of(loaded, _augmentations, _draws);
        }
    }
}
