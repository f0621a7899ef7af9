using System.Globalization;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>Whole epochs of a Fit.</summary>
internal static class Epochs
{
    private const int Count = 6;

    /// <summary>Prints the seconds of each epoch; the first one also loads libraries and starts the device.</summary>
    public static void Run(string network, int images, int side, int batch, Device device, Precision precision)
    {
        ImageSet set = Noise.Images(images, side);
        TrainingRecipe recipe = new()
        {
            Backbone = network,
            Input = set.Shape,
            BatchSize = batch,
            Epochs = Count,
            Precision = precision,
        };
        TrainingOutcome outcome = TrainingEngine.Fit(recipe, set, validation: null, new TrainingHost(device));
        string seconds = string.Join(' ', outcome.History.Select(epoch => epoch.Seconds.ToString("f2", CultureInfo.InvariantCulture)));
        Console.WriteLine($"{network}, {images} images of {side} pixels, batch {batch}, {precision}: {seconds} s");
    }
}
