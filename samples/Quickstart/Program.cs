// Trains an image classifier on a folder with a subfolder of images per class, evaluates it, saves it, and predicts with the saved model.
// dotnet run -c Release -- FOLDER [EPOCHS]
using Microsoft.ML;
using Microsoft.ML.FeatureMining;

string folder = args[0];
int epochs = args.Length > 1 ? int.Parse(args[1]) : 30;
MLContext ml = new(seed: 1);
(IDataView train, IDataView test) = ml.Data.SplitByClass(ml.Data.LoadImageFolder(folder), testFraction: 0.2, seed: 1);

var pipeline = ml
    .Transforms.Conversion.MapValueToKey("Label")
    .Append(
        ml.MulticlassClassification.Trainers.FeatureMining(
            new FeatureMiningOptions
            {
                Backbone = "cifar-resnet-20",
                ImageHeight = 64,
                ImageWidth = 64,
                BatchSize = 32,
                Epochs = epochs,
                Progress = report => Console.Write(report.Completed is { } epoch ? $"epoch {epoch.Epoch}: loss {epoch.TrainLoss:F3}\n" : ""),
            }
        )
    )
    .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

ITransformer model = pipeline.Fit(train);
Console.WriteLine($"accuracy {ml.MulticlassClassification.Evaluate(model.Transform(test)).MicroAccuracy:P1}");
ml.Model.Save(model, train.Schema, "model.zip");

ITransformer loaded = ml.Model.Load("model.zip", out _);
using PredictionEngine<LabeledImage, Prediction> engine = ml.Model.CreatePredictionEngine<LabeledImage, Prediction>(loaded);
foreach (LabeledImage image in ml.Data.CreateEnumerable<LabeledImage>(test, reuseRowObject: false).Take(5))
{
    Console.WriteLine($"{image.ImagePath}: {engine.Predict(image).PredictedLabel}");
}

internal sealed class LabeledImage
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";
}

internal sealed class Prediction
{
    public string PredictedLabel { get; set; } = "";
}
