using System.Diagnostics;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;

namespace Benchmarks;

/// <summary>Decodes pixels from files on demand, and records when each batch started and ended.</summary>
internal sealed class TracedPixels(IReadOnlyList<ImageFileRow> files, ImagePreprocessing preprocessing, List<(long Began, long Ended)> batches) : PixelStore
{
    public override int Count => files.Count;

    public override ulong Checksum(int row) => 0;

    public override IEnumerable<byte[]> Read(IReadOnlyList<int[]> wanted) =>
        wanted.Select(rows =>
        {
            long began = Stopwatch.GetTimestamp();
            byte[] pixels = Pool.Rent(rows.Length * preprocessing.Shape.Length);
            ParallelLoop.For(
                rows.Length,
                i =>
                {
                    Memory<byte> target = pixels.AsMemory(i * preprocessing.Shape.Length, preprocessing.Shape.Length);
                    PooledFile.Use(files[rows[i]].ImagePath, encoded => preprocessing.Apply(encoded, ImageCodec.DefaultMaxPixels, target));
                }
            );
            batches.Add((began, Stopwatch.GetTimestamp()));
            return pixels;
        });
}
