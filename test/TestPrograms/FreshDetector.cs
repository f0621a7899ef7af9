using System.Globalization;
using Microsoft.ML;

namespace TestPrograms;

/// <summary>
/// FreshDetector MODEL IMAGE...: loads a detector with ML.NET only (it names no type of this library and registers nothing) and prints the objects in each
/// image.
/// </summary>
internal static class FreshDetector
{
    public static void Run(string[] args)
    {
        MLContext ml = new();
        ITransformer model = ml.Model.Load(args[0], out _);
        IDataView rows = ml.Data.LoadFromEnumerable(args[1..].Select(path => new ImagePathRow { ImagePath = path }));
        foreach (Found found in ml.Data.CreateEnumerable<Found>(model.Transform(rows), reuseRowObject: false))
        {
            IEnumerable<double> values =
            [
                .. found.PredictedLabel.Select(label => (double)label),
                .. found.PredictedBoundingBoxes.Concat(found.Score).Select(value => (double)value),
            ];
            Console.WriteLine(string.Join(' ', values.Select(value => value.ToString("R", CultureInfo.InvariantCulture))));
        }
    }

    private sealed class ImagePathRow
    {
        public string ImagePath { get; set; } = "";
    }

    private sealed class Found
    {
        public uint[] PredictedLabel { get; set; } = [];

        public float[] PredictedBoundingBoxes { get; set; } = [];

        public float[] Score { get; set; } = [];
    }
}
