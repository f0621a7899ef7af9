// An augmentation of your own: random grayscale, as torchvision's RandomGrayscale.
// dotnet run -c Release -- FOLDER [EPOCHS], with a folder that has a subfolder of images per class.
using System.ComponentModel.DataAnnotations;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

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
                BatchSize = 32,
                Epochs = epochs,
                // In this order, after random crop and flip.
                Augmentations = [new RandomGrayscale { Probability = 0.2 }, new Cutout()],
                Progress = report => Console.Write(report.Completed is { } epoch ? $"epoch {epoch.Epoch}: loss {epoch.TrainLoss:F3}\n" : ""),
            }
        )
    )
    .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

ITransformer model = pipeline.Fit(train);
ml.Model.Save(model, train.Schema, "model.zip");

// An augmentation acts in training only: a program that loads the model needs no code of it. The manifest keeps its settings.
ITransformer loaded = ml.Model.Load("model.zip", out _);
Console.WriteLine($"accuracy {ml.MulticlassClassification.Evaluate(loaded.Transform(test)).MicroAccuracy:P1}");
Console.WriteLine($"trained with {ml.Model.GetImageModel(loaded).Recipe!.Value.GetProperty("augmentations")}");

/// <summary>Replaces the colors of an image by its luminance, with a probability.</summary>
internal sealed record RandomGrayscale : ImageAugmentation
{
    /// <summary>The name in the manifest, and of the random stream that <see cref="Apply"/> gets.</summary>
    public override string Key => "random-grayscale";

    /// <summary>The probability for each image. Public properties are settings: the manifest keeps them, and their range is checked when the trainer is made.</summary>
    [Range(0.0, 1.0)]
    public double Probability { get; init; } = 0.1;

    /// <summary>From raw images [N,3,H,W], bytes or floats on the training device, to the same shape and type.</summary>
    /// <param name="images">The batch.</param>
    /// <param name="random">The only source of random numbers, so that a seed gives the same model.</param>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        using DisposeScope scope = NewDisposeScope();
        bool[] chosen = [.. Enumerable.Range(0, (int)images.shape[0]).Select(_ => random.NextDouble() < Probability)];
        Tensor mask = tensor(chosen, device: images.device).view(-1, 1, 1, 1); // [N,1,1,1]
        Tensor weights = tensor(new[] { 0.2989f, 0.587f, 0.114f }, device: images.device).view(1, 3, 1, 1); // [1,3,1,1]
        Tensor gray = (images.to(ScalarType.Float32) * weights).sum(1, keepdim: true).to(images.dtype); // [N,1,H,W]
        return where(mask, gray, images).MoveToOuterDisposeScope(); // [N,3,H,W]
    }
}
