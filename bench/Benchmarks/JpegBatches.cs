using System.Buffers;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>
/// Batches directly from image files, as in torchvision: decode and random resized crop of the whole image on all cores; flip and normalization in one pass.
/// Built from parts of the library; a Fit would resize images first.
/// </summary>
internal sealed class JpegBatches(int batch, int threads, string folder) : LoaderTurn("ours, from files")
{
    public const int Side = 224;

    private readonly IReadOnlyList<ImageFileRow> _files = ImageFolder.Read(folder);
    private readonly RandomStream _random = new(1, "crops");
    private readonly PixelPool _pool = new();
    private readonly RandomStreams _draws = new(1);
    private readonly ImageAugmentation[] _augmentations = [new PadCropFlip { Padding = 0 }];
    private readonly NetworkInput _input = new(Shape, PixelType.Byte, new ChannelStatistics([127, 127, 127], [64, 64, 64]), CPU);

    public static ImageShape Shape { get; } = new(3, Side, Side);

    public override void Dispose() => _input.Dispose();

    protected override void Load(int batches)
    {
        for (int i = 0; i < batches; i++)
        {
            (string Path, long Seed)[] wanted =
            [
                .. Enumerable.Range(0, batch).Select(_ => (_files[_random.NextInt(_files.Count)].ImagePath, _random.NextSeed())),
            ];
            byte[] pixels = _pool.Rent(batch * Shape.Length);
            Parallel.For(
                0,
                batch,
                new ParallelOptions { MaxDegreeOfParallelism = threads },
                n =>
                {
                    RandomStream random = new(wanted[n].Seed, "crop");
                    Memory<byte> target = pixels.AsMemory(n * Shape.Length, Shape.Length);
                    PooledFile.Use(
                        wanted[n].Path,
                        encoded => ImageCodec.Decode(encoded, ImageCodec.DefaultMaxPixels, 0, 0, picture => Crop(picture, random, target.Span))
                    );
                }
            );
            using DisposeScope scope = NewDisposeScope();
            using HostBatch loaded = new(pixels, new long[batch], _pool);
            _input.Of(loaded, _augmentations, _draws);
        }
    }

    // torchvision's RandomResizedCrop: area 8 % to 100 %, aspect ratio 3:4 to 4:3, ten attempts, then the center.
    private static bool Crop(PixelView image, RandomStream random, Span<byte> target)
    {
        (int width, int height) = (Math.Min(image.Width, image.Height), Math.Min(image.Width, image.Height));
        (int x, int y) = ((image.Width - width) / 2, (image.Height - height) / 2);
        for (int attempt = 0; attempt < 10; attempt++)
        {
            double area = image.Width * image.Height * (0.08 + (0.92 * random.NextDouble()));
            double ratio = Math.Exp(Math.Log(0.75) + (random.NextDouble() * Math.Log(16 / 9.0)));
            (int w, int h) = ((int)Math.Round(Math.Sqrt(area * ratio)), (int)Math.Round(Math.Sqrt(area / ratio)));
            if (w > 0 && h > 0 && w <= image.Width && h <= image.Height)
            {
                (width, height, x, y) = (w, h, random.NextInt(image.Width - w + 1), random.NextInt(image.Height - h + 1));
                break;
            }
        }

        byte[] resized = ArrayPool<byte>.Shared.Rent(Shape.Length);
        ResizeWindow side = ResizeWindow.Whole(Side);
        ImageResize.Resize(image.Part(new PixelBox(y, x, height, width)), side, side, ResizeFilter.Bilinear, resized.AsSpan(0, Shape.Length));
        PlanarLayout.Split(resized.AsSpan(0, Shape.Length), Shape.Channels, target);
        ArrayPool<byte>.Shared.Return(resized);
        return true;
    }
}
