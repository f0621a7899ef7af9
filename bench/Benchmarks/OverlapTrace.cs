using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>
/// Traces one epoch of a real Fit with images decoded from files: the times of decoding and of training steps, and how long steps wait for batches.
/// </summary>
internal static class OverlapTrace
{
    /// <param name="folder">A folder with one subfolder of images per class.</param>
    /// <param name="network">The backbone.</param>
    /// <param name="side">The image size in pixels.</param>
    /// <param name="batch">The batch size.</param>
    /// <param name="trace">The file to write, in Chrome's trace event format.</param>
    public static void Run(string folder, string network, int side, int batch, string trace)
    {
        ImageFileRow[] files = [.. ImageFolder.Read(folder)];
        string[] classes = [.. files.Select(file => file.Label).Distinct()];
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(3, side, side) };
        List<(long Began, long Ended)> loads = [],
            steps = [];
        ImageSet set = new(
            new TracedPixels(files, preprocessing, loads),
            preprocessing.Shape,
            PixelType.Byte,
            classes.Length,
            [.. files.Select(file => Array.IndexOf(classes, file.Label))],
            statistics: new ChannelStatistics([127, 127, 127], [64, 64, 64])
        );
        TrainingRecipe recipe = new()
        {
            Backbone = network,
            Input = preprocessing.Shape,
            BatchSize = batch,
            Epochs = 1,
            ReportEverySteps = 1,
            Augmentations = [new PadCropFlip()],
        };
        long began = 0;
        TrainingEngine.Fit(
            recipe,
            set,
            validation: null,
            new TrainingHost(CPU)
            {
                // IsCanceled is called when a batch is ready, Progress when its step is done and the loss is read.
                IsCanceled = () =>
                {
                    began = Stopwatch.GetTimestamp();
                    return false;
                },
                Progress = report =>
                {
                    if (report.Completed is null)
                    {
                        steps.Add((began, Stopwatch.GetTimestamp()));
                    }
                },
            }
        );
        Write(trace, loads, steps);
        double waited = steps.Zip(steps.Skip(1), (one, next) => Seconds(one.Ended, next.Began)).Sum();
        double whole = Seconds(steps[0].Began, steps[^1].Ended);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{network}, {side} pixels, batch {batch}: {steps.Count} steps of {steps.Average(step => Seconds(step.Began, step.Ended)):f4} s, batches decoded in {loads.Average(load => Seconds(load.Began, load.Ended)):f4} s each; between two steps {waited / (steps.Count - 1):f5} s, {waited / whole:p2} of the time"
            )
        );
    }

    private static double Seconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalSeconds;

    private static void Write(string path, List<(long Began, long Ended)> loads, List<(long Began, long Ended)> steps)
    {
        long start = Math.Min(loads[0].Began, steps[0].Began);
        object[] events = [.. Events("load", 1, loads), .. Events("step", 2, steps)];
        File.WriteAllText(path, JsonSerializer.Serialize(events));

        IEnumerable<object> Events(string name, int thread, List<(long Began, long Ended)> spans) =>
            spans.Select(
                (span, i) =>
                    (object)
                        new
                        {
                            name = $"{name} {i}",
                            ph = "X",
                            pid = 1,
                            tid = thread,
                            ts = 1e6 * Seconds(start, span.Began),
                            dur = 1e6 * Seconds(span.Began, span.Ended),
                        }
            );
    }
}
