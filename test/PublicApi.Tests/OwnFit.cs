using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using PublicApi.Tests.Own;

namespace PublicApi.Tests;

/// <summary>A small Fit with user-defined parts.</summary>
internal static class OwnFit
{
    /// <summary>Twelve steps per epoch.</summary>
    public static FeatureMiningOptions Plain { get; } =
        new()
        {
            Backbone = "cifar-resnet-8",
            Stages = 0,
            ImageHeight = Bands.Side,
            ImageWidth = Bands.Side,
            Epochs = 2,
            BatchSize = 8,
            LearningRate = 0.02,
            CropPadding = 1,
            HorizontalFlip = false,
            Seed = 1,
            ScoringBatchSize = 8,
        };

    /// <summary>User-defined parts of all kinds, created by key.</summary>
    public static FeatureMiningOptions AllByKey(FeatureMiningOptions options) =>
        options with
        {
            Backbone = "plain-net",
            Head = HeadCatalog.Create("cosine"),
            Augmentations = [AugmentationCatalog.Create("pepper")],
            Loss = LossCatalog.Create("generalized-cross-entropy"),
            Schedule = ScheduleCatalog.Create("triangle"),
            Optimizer = OptimizerCatalog.Create("lion"),
            LearningRate = 1e-3,
            Strategies = [StrategyCatalog.Create("deep-twins")],
        };

    public static EstimatorChain<Microsoft.ML.Transforms.KeyToValueMappingTransformer> Pipeline(MLContext ml, FeatureMiningOptions options) =>
        ml
            .Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.MulticlassClassification.Trainers.FeatureMining(options))
            .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

    public static ITransformer Run(MLContext ml, FeatureMiningOptions options, IDataView? rows = null) => Pipeline(ml, options).Fit(rows ?? Bands.Encoded(ml));

    /// <summary>A hash of the weights.</summary>
    public static string Weights(MLContext ml, ITransformer model)
    {
        string folder = Directory.CreateTempSubdirectory("public-api-tests-").FullName;
        try
        {
            ml.Model.ExportImageModel(model, folder);
            return Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, "weights.safetensors"))));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static void AssertFinite(float[][] scores)
    {
        Assert.NotEmpty(scores);
        Assert.All(
            scores,
            row =>
            {
                Assert.Equal(Bands.Names.Length, row.Length);
                Assert.All(row, score => Assert.InRange(score, 0, 1));
                Assert.Equal(1, row.Sum(), 1e-4);
            }
        );
    }
}
