using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>A tiny training that uses all parts of a pipeline.</summary>
internal static class Tiny
{
    public static FeatureMiningOptions Options { get; } =
        new()
        {
            Backbone = "cifar-resnet-8",
            ImageHeight = 12,
            ImageWidth = 12,
            Epochs = 4,
            BatchSize = 12,
            LearningRate = 0.05,
            CropPadding = 1,
            Seed = 1,
            ScoringBatchSize = 8,
        };

    public static EstimatorChain<ImageClassificationTransformer> Pipeline(MLContext ml, FeatureMiningOptions? options = null) =>
        ml
            .Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.Transforms.LoadRawImageBytes("Image", null, "ImagePath"))
            .Append(ml.MulticlassClassification.Trainers.FeatureMining(options ?? Options));
}
