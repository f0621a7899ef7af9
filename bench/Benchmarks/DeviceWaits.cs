using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>
/// Measures how long a simulated device of any speed waits for batches that are decoded from files. Like a GPU, it uses no CPU core. A device that is faster
/// than the loader must wait for the difference; a slower one should not wait.
/// </summary>
internal static class DeviceWaits
{
    private static readonly double[] Paces = [0, 0.5, 0.9, 1.1, 1.5, 2, 4];

    public static void Run(string folder, int side, int batch)
    {
        ImageFileRow[] files = [.. ImageFolder.Read(folder)];
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(3, side, side) };
        ChannelStatistics statistics = new([127, 127, 127], [64, 64, 64]);
        ImageSet set = new(
            new TracedPixels(files, preprocessing, []),
            preprocessing.Shape,
            PixelType.Byte,
            classCount: 1,
            new int[files.Length],
            statistics: statistics
        );
        using NetworkInput input = new(preprocessing.Shape, PixelType.Byte, statistics, CPU);
        Epoch(set, input, batch, TimeSpan.Zero);
        double loader = Median(Epoch(set, input, batch, TimeSpan.Zero));
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{side} pixels, batch {batch}: the loader alone takes {1000 * loader:f1} ms per batch (median, n = {set.Count / batch})"
            )
        );
        Console.WriteLine($"{"device, ms/batch", 20}{"of the loader's", 18}{"waits, median ms", 20}{"largest ms", 14}");
        foreach (double pace in Paces)
        {
            double[] waits = Epoch(set, input, batch, TimeSpan.FromSeconds(pace * loader));
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{1000 * pace * loader, 20:f1}{pace, 18:f2}{1000 * Median(waits), 20:f2}{1000 * waits.Max(), 14:f2}"
                )
            );
        }
    }

    /// <returns>The waiting time for each batch in seconds, without the first few batches, which cannot be ready yet.</returns>
    private static double[] Epoch(ImageSet set, NetworkInput input, int batch, TimeSpan device)
    {
        const int first = 3;
        List<double> waits = [];
        RandomStreams random = new(1);
        long asked = Stopwatch.GetTimestamp();
        foreach (HostBatch loaded in BatchLoader.Load(set, set.DrawOrder(random["shuffle"]), batch))
        {
            waits.Add(Stopwatch.GetElapsedTime(asked).TotalSeconds);
            using HostBatch done = loaded;
            long began = Stopwatch.GetTimestamp();
            using (NewDisposeScope())
            {
                input.Of(loaded, [new PadCropFlip()], random);
            }

            TimeSpan left = device - Stopwatch.GetElapsedTime(began);
            Thread.Sleep(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            asked = Stopwatch.GetTimestamp();
        }

        return [.. waits.Skip(first)];
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
