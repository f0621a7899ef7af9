using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>Batches straight from picture files: decode, random resized crop, flip, on all cores, one upload, normalization. The library's parts; a Fit has no such loader yet.</summary>
internal sealed class JpegBatches(int batch, int threads, string folder) : LoaderTurn("ours, from files")
{
    private const int Side = 224;

    private readonly IReadOnlyList<ImageFile> _files = ImageFolder.Read(folder);
    private readonly RandomStream _random = new(1, "crops");
    private readonly Normalization _normalization = new([127, 127, 127], [64, 64, 64], CPU);

    public override void Dispose() => _normalization.Dispose();

    protected override void Load(int batches)
    {
        ImageShape shape = new(3, Side, Side);
        for (int i = 0; i < batches; i++)
        {
            (string Path, long Seed)[] wanted = [.. Enumerable.Range(0, batch).Select(_ => (_files[_random.NextInt(_files.Count)].Path, _random.NextSeed()))];
            var pixels = new byte[batch * shape.Length];
            Parallel.For(0, batch, new ParallelOptions { MaxDegreeOfParallelism = threads }, n =>
            {
                RandomStream random = new(wanted[n].Seed, "crop");
                Crop(ImageCodec.Decode(File.ReadAllBytes(wanted[n].Path)), random).ToPlanar().CopyTo(pixels, n * shape.Length);
            });
            using DisposeScope scope = NewDisposeScope();
            _normalization.Apply(DeviceBatches.Upload(pixels, batch, shape, PixelType.Byte, CPU));
        }
    }

    // Area 8 % to 100 %, proportions 3:4 to 4:3, ten attempts, then the middle: torchvision's RandomResizedCrop.
    private static DecodedImage Crop(DecodedImage image, RandomStream random)
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

        DecodedImage resized = ImageResize.Resize(image.Crop(x, y, width, height), Side, Side);
        return random.NextInt(2) == 0 ? resized : Mirror(resized);
    }

    private static DecodedImage Mirror(DecodedImage image)
    {
        for (int y = 0; y < image.Height; y++)
        {
            Span<byte> row = image.Pixels.AsSpan(y * image.Width * 3, image.Width * 3);
            row.Reverse();
            for (int x = 0; x < row.Length; x += 3)
            {
                (row[x], row[x + 2]) = (row[x + 2], row[x]);
            }
        }

        return image;
    }
}
