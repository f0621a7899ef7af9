using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;

// DnnFeaturizer TRAIN TEST SEED: frozen ResNet18 features (Microsoft.ML.DnnImageFeaturizer.ResNet18) and SdcaMaximumEntropy, as in ML.NET's documentation of
// DnnFeaturizeImage. TRAIN and TEST have one folder per class. Prints one line of JSON: accuracy, and the seconds (wall, CPU) of Fit and of measuring.
if (args.Length != 3)
{
    Console.Error.WriteLine("DnnFeaturizer TRAIN TEST SEED");
    return 2;
}

MLContext ml = new(int.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture));
long began = Stopwatch.GetTimestamp();
IDataView train = Load(args[0]);
IDataView test = Load(args[1]);

// A checkpoint of the features: SDCA reads its rows many times.
var pipeline = ml
    .Transforms.Conversion.MapValueToKey("Label")
    .Append(ml.Transforms.LoadImages("Image", null, "Path"))
    .Append(ml.Transforms.ResizeImages("Image", 224, 224, "Image", Microsoft.ML.Transforms.Image.ImageResizingEstimator.ResizingKind.IsoCrop))
    .Append(ml.Transforms.ExtractPixels("Pixels", "Image"))
    .Append(ml.Transforms.DnnFeaturizeImage("Features", model => model.ModelSelector.ResNet18(ml, model.OutputColumn, model.InputColumn), "Pixels"))
    .AppendCacheCheckpoint(ml)
    .Append(ml.MulticlassClassification.Trainers.SdcaMaximumEntropy());
ITransformer fitted = pipeline.Fit(train);
(double fitWall, TimeSpan fitCpu) = (Stopwatch.GetElapsedTime(began).TotalSeconds, Process.GetCurrentProcess().TotalProcessorTime);
MulticlassClassificationMetrics metrics = ml.MulticlassClassification.Evaluate(fitted.Transform(test));
Console.WriteLine(
    JsonSerializer.Serialize(
        new
        {
            accuracy = metrics.MicroAccuracy,
            fitSeconds = fitWall,
            fitCpuSeconds = fitCpu.TotalSeconds,
            seconds = Stopwatch.GetElapsedTime(began).TotalSeconds,
            cpuSeconds = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds,
        }
    )
);
return 0;

IDataView Load(string folder) =>
    ml.Data.LoadFromEnumerable(
        Directory
            .EnumerateDirectories(folder)
            .Order(StringComparer.Ordinal)
            .SelectMany(directory =>
                Directory
                    .EnumerateFiles(directory)
                    .Order(StringComparer.Ordinal)
                    .Select(file => new Row { Path = Path.GetFullPath(file), Label = Path.GetFileName(directory) })
            )
    );

internal sealed class Row
{
    public string Path { get; set; } = "";

    public string Label { get; set; } = "";
}
