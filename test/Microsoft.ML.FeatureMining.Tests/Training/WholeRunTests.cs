using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Tests.Networks;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Schedules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>
/// A complete run against PyTorch (test/Goldens/make_network.py, written from the papers' text): initial weights, order of the images, crops and flips,
/// normalization, Feature Mining's boxes, warm-up and cosine, SGD. Biases that start at zero are small and noisy; their tolerance is the rounding error of
/// PyTorch's own single precision.
/// </summary>
public sealed class WholeRunTests : IClassFixture<SingleThreadFixture>
{
    [Fact]
    public void Fit_SettingsOfTheGolden_MatchesPyTorchsWeights()
    {
        NetworkGolden golden = new("whole-run");
        ImageShape shape = new(3, 12, 12);
        ImageSetBuilder builder = new(shape);
        foreach ((byte[] pixels, long label) in golden.Bytes("pixels").Chunk(shape.Length).Zip(golden.Integers("labels")))
        {
            builder.Add(pixels, (int)label);
        }

        TrainingRecipe recipe = new()
        {
            Backbone = "cifar-resnet-8",
            Input = shape,
            Epochs = 3,
            BatchSize = 16,
            LearningRate = 0.05,
            WeightDecay = 1e-3,
            Loss = new CrossEntropyLoss { LabelSmoothing = 0.1 },
            Seed = 7,
            Schedule = new CosineSchedule(),
            WarmupEpochs = 0.5,
            Augmentations = [new PadCropFlip { Padding = 2 }],
            Strategies = [new Microsoft.ML.FeatureMining.Strategies.FeatureMining { Stages = 2 }],
        };

        TrainingOutcome outcome = TrainingEngine.Fit(recipe, builder.Build(classCount: 4), validation: null, new TrainingHost(CPU));

        TensorAssert.CloseValues(golden.Floats("losses"), [.. outcome.History.Select(epoch => (float)epoch.TrainLoss)], NetworkGolden.Tolerance, "losses");
        using ImageNetwork network = NetworkFactory.Create("cifar-resnet-8", 3, classes: 4);
        outcome.Weights.CopyTo(network);
        Assert.All(network.NamedState(), entry => golden.AssertMatches($"after/{entry.Name}", entry.Value, golden.Double($"rounding/{entry.Name}")));
    }
}
