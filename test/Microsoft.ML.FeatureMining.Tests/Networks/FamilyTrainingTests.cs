using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>A real Fit of a small network of each family, with random initial weights.</summary>
public sealed class FamilyTrainingTests : IClassFixture<SingleThreadFixture>
{
    [Theory]
    [InlineData("cifar-resnet-8-preact", 8, 10)]
    [InlineData("cifar-resnet-11-bottleneck-preact", 8, 10)]
    [InlineData("wrn-10-2-dropout-0.3", 8, 10)]
    [InlineData("pyramidnet-14-a10", 8, 10)]
    [InlineData("pyramidnet-11-a9-bottleneck", 8, 10)]
    [InlineData("densenet-16-12", 8, 10)]
    [InlineData("densenet-bc-22-12", 8, 10)]
    [InlineData("efficientnet-b0-cifar-stem", 16, 20)]
    [InlineData("resnet-18-cifar-stem", 16, 5)]
    [InlineData("vgg-16-bn-cifar-stem", 32, 5)]
    public void Fit_BrightBands_AreLearned(string key, int side, int epochs)
    {
        TrainingOutcome outcome = TinyRun.Fit(Recipe(key, side, epochs), Bands(side));

        Assert.InRange(outcome.History[0].TrainLoss, 0.2, double.MaxValue);
        Assert.InRange(outcome.History[^1].TrainLoss, 0, 0.3);
    }

    [Theory]
    [InlineData("wrn-10-1-dropout-0.3", 8)]
    [InlineData("efficientnet-b0-cifar-stem", 8)]
    // If an earlier step computed a branch and this step does not, its gradient is 0: momentum and weight decay still change it, also after a resume.
    [InlineData("d-resnext-14-1x4d-cifar-stem", 8)]
    public void Fit_StoppedAndResumedWithRandomLayers_IsBitIdentical(string key, int side)
    {
        TrainingRecipe recipe = Recipe(key, side, epochs: 2);
        TrainingOutcome whole = TinyRun.Fit(recipe, Bands(side));
        MemoryStore store = new();
        int asked = 0;
        TinyRun.Fit(recipe, Bands(side), checkpoints: store, canceled: () => asked++ == 2);

        TrainingOutcome resumed = TinyRun.Fit(recipe, Bands(side), checkpoints: store);

        Assert.Equal(TinyRun.Bits(whole), TinyRun.Bits(resumed));
    }

    private static TrainingRecipe Recipe(string key, int side, int epochs) =>
        TinyRun.Recipe with
        {
            Backbone = key,
            Input = new ImageShape(1, side, side),
            Epochs = epochs,
            LearningRate = 0.02,
        };

    /// <summary>Noise with a bright upper or lower half.</summary>
    private static ImageSet Bands(int side)
    {
        ImageShape shape = new(1, side, side);
        RandomStream random = new(1, "bands");
        ImageSetBuilder builder = new(shape);
        for (int i = 0; i < 32; i++)
        {
            byte[] image = [.. Enumerable.Range(0, shape.Length).Select(at => (byte)(random.NextInt(100) + (at * 2 / shape.Length == i % 2 ? 120 : 0)))];
            builder.Add(image, i % 2);
        }

        return builder.Build(2);
    }
}
