using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace TestPrograms;

/// <summary>
/// FreshProcess MODEL IMAGE...: loads a model with ML.NET only (it names no type of this library and registers nothing) and prints the prediction for each
/// image.
/// </summary>
internal static class FreshProcess
{
    public static void Run(string[] args)
    {
        MLContext ml = new();
        ITransformer model = ml.Model.Load(args[0], out DataViewSchema schema);
        if (schema["ImagePath"].Type is not TextDataViewType)
        {
            throw new InvalidDataException("The model's input schema has no text column ImagePath.");
        }

        IDataView rows = ml.Data.LoadFromEnumerable(args[1..].Select(path => new ImagePathRow { ImagePath = path, Label = "" }));
        foreach (Prediction prediction in ml.Data.CreateEnumerable<Prediction>(model.Transform(rows), reuseRowObject: false))
        {
            Console.WriteLine(
                string.Join(
                    ' ',
                    [
                        prediction.PredictedLabel.ToString(CultureInfo.InvariantCulture),
                        .. prediction.Score.Select(p => p.ToString("R", CultureInfo.InvariantCulture)),
                    ]
                )
            );
        }

        if (Environment.GetEnvironmentVariable("SAVE_AS") is { Length: > 0 } path)
        {
            ml.Model.Save(model, schema, path);
        }
    }

    private sealed class ImagePathRow
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }

    private sealed class Prediction
    {
        public uint PredictedLabel { get; set; }

        public float[] Score { get; set; } = [];
    }
}
