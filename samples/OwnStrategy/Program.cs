// A training strategy of your own: the confidence penalty (Pereyra et al. 2017), which rewards predictions of high entropy.
// dotnet run -c Release -- FOLDER [EPOCHS], with a folder that has a subfolder of images per class.
using System.ComponentModel.DataAnnotations;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Training;
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
                Strategies = [new ConfidencePenalty { Weight = 0.2 }],
                Progress = report => Console.Write(report.Completed is { } epoch ? $"epoch {epoch.Epoch}: loss {epoch.TrainLoss:F3}\n" : ""),
            }
        )
    )
    .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

ITransformer model = pipeline.Fit(train);
ml.Model.Save(model, train.Schema, "model.zip");

// A strategy acts in training only: a program that loads the model needs no code of it. The manifest keeps its settings.
ITransformer loaded = ml.Model.Load("model.zip", out _);
Console.WriteLine($"accuracy {ml.MulticlassClassification.Evaluate(loaded.Transform(test)).MicroAccuracy:P1}");
Console.WriteLine($"trained with {ml.Model.GetImageModel(loaded).Recipe!.Value.GetProperty("strategies")}");

/// <summary>Adds -w H(p) to the loss, with the entropy H(p) = -sum_k p_k log p_k of the predicted distribution, averaged over the batch.</summary>
internal sealed record ConfidencePenalty : TrainingStrategy
{
    /// <summary>The name in the manifest, and of the random stream that <see cref="StrategyContext.Random"/> gives.</summary>
    public override string Key => "confidence-penalty";

    /// <summary>w. Public properties are settings: the manifest keeps them, and their range is checked when the trainer is made.</summary>
    [Range(0.0, double.MaxValue)]
    public double Weight { get; init; } = 0.1;

    /// <summary>Called once per Fit. What a Fit must remember belongs in the run, so that one strategy can be used for many.</summary>
    protected override StrategyRun Start(StrategyContext context) => new Run(this);

    private sealed class Run(ConfidencePenalty settings) : StrategyRun
    {
        /// <summary>Called in each step. Others reorder the images, change the batch or the features of a stage, or see the metrics of an epoch.</summary>
        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            Tensor logProbabilities = nn.functional.log_softmax(pass.Logits, 1); // [N,K]
            Tensor negativeEntropy = (logProbabilities.exp() * logProbabilities).sum(1).mean(); // []
            ledger.Add("confidence-penalty", negativeEntropy, settings.Weight);
        }
    }
}
