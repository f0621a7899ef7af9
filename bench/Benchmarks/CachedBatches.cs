using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>Batches as in a Fit from a cache file of decoded images: read, verify, random resized crop, flip and normalization.</summary>
internal sealed class CachedBatches : LoaderTurn
{
    private readonly int _batch;
    private readonly FilePixels _pixels;
    private readonly ImageSet _set;
    private readonly RandomStream _order = new(1, "order");
    private readonly RandomStreams _draws = new(1);
    private readonly ImageAugmentation[] _augmentations = [new RandomResizedCrop(), new PadCropFlip { Padding = 0 }];
    private readonly NetworkInput _input = new(JpegBatches.Shape, PixelType.Byte, new ChannelStatistics([127, 127, 127], [64, 64, 64]), CPU);

    public CachedBatches(int batch, string folder)
        : base("ours, from the cache")
    {
        _batch = batch;
        ImagePreprocessing preprocessing = new() { Shape = JpegBatches.Shape };
        byte[][] pictures = [.. ImageFolder.Read(folder).AsParallel().AsOrdered().Select(file => preprocessing.Apply(File.ReadAllBytes(file.ImagePath)))];
        using PixelFileWriter writer = new(Path.GetTempPath(), null, JpegBatches.Shape.Length, pictures.Sum(picture => picture.LongLength));
        Array.ForEach(pictures, picture => writer.Add(picture));
        _pixels = writer.Finish([]);
        _set = new ImageSet(_pixels, JpegBatches.Shape, PixelType.Byte, classCount: 2, new int[pictures.Length]);
    }

    public override void Dispose()
    {
        _input.Dispose();
        _pixels.Dispose();
    }

    protected override void Load(int batches)
    {
        int[] order = [.. Enumerable.Range(0, batches * _batch).Select(_ => _order.NextInt(_set.Count))];
        foreach (HostBatch loaded in BatchLoader.Load(_set, order, _batch))
        {
            using HostBatch done = loaded;
            using DisposeScope scope = NewDisposeScope();
            _input.Of(loaded, _augmentations, _draws);
        }
    }
}
