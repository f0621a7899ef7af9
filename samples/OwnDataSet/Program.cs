// Images from a source of your own, here a zip archive with a folder per class. A database or a blob store works in the same way: ML.NET needs an
// IEnumerable of rows.
// dotnet run -c Release -- IMAGES.zip [EPOCHS]
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;

string archive = args[0];
int epochs = args.Length > 1 ? int.Parse(args[1]) : 30;
MLContext ml = new(seed: 1);
IDataView rows = ml.Data.LoadFromEnumerable(ReadRows(archive));
(IDataView train, IDataView test) = ml.Data.SplitByClass(rows, testFraction: 0.2, seed: 1);

// The rows have encoded bytes (JPEG, PNG, ...), so nothing has to be loaded from files.
var pipeline = ml
    .Transforms.Conversion.MapValueToKey("Label")
    .Append(
        ml.MulticlassClassification.Trainers.FeatureMining(
            new FeatureMiningOptions
            {
                Backbone = "cifar-resnet-20",
                BatchSize = 32,
                Epochs = epochs,
                Progress = report => Console.Write(report.Completed is { } epoch ? $"epoch {epoch.Epoch}: loss {epoch.TrainLoss:F3}\n" : ""),
            }
        )
    )
    .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

ITransformer model = pipeline.Fit(train);
ml.Model.Save(model, train.Schema, "model.zip");

ITransformer loaded = ml.Model.Load("model.zip", out _);
Console.WriteLine($"accuracy {ml.MulticlassClassification.Evaluate(loaded.Transform(test)).MicroAccuracy:P1}");
using PredictionEngine<Row, Prediction> engine = ml.Model.CreatePredictionEngine<Row, Prediction>(loaded);
foreach (Row row in ReadRows(archive).Take(5))
{
    Console.WriteLine($"{row.Label}: {engine.Predict(row).PredictedLabel}");
}

// ML.NET enumerates the rows as often as it needs to: each time from the beginning, in the same order.
static IEnumerable<Row> ReadRows(string path)
{
    using ZipArchive zip = ZipFile.OpenRead(path);
    foreach (ZipArchiveEntry entry in zip.Entries.Where(entry => entry.Name != ""))
    {
        using Stream stream = entry.Open();
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        yield return new Row { Label = Path.GetFileName(Path.GetDirectoryName(entry.FullName)!), Image = bytes.ToArray() };
    }
}

internal sealed class Row
{
    public string Label { get; set; } = "";

    public byte[] Image { get; set; } = [];
}

internal sealed class Prediction
{
    public string PredictedLabel { get; set; } = "";
}
