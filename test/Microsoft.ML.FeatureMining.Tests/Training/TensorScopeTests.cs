using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using Microsoft.ML.FeatureMining.Tests.Models;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>
/// All computation runs in a dispose scope. TorchSharp passes the handle of a tensor to libtorch but does not keep the tensor alive: the garbage collector can
/// free a tensor outside a scope while libtorch uses it.
/// </summary>
public sealed class TensorScopeTests : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Recipe = TinyRun.Recipe with
    {
        ReportEverySteps = 1,
        ClipGradientNorm = 1,
        EmaDecay = 0.9,
        GradientAccumulationSteps = 2,
        BatchSize = 4,
    };

    public static TheoryData<string> Strategies { get; } = [.. StrategyCatalog.Keys];

    public static TheoryData<string> Optimizers { get; } = [.. OptimizerCatalog.Keys];

    // The count of this thread.
    private static long CreatedOutside => DisposeScopeManager.Statistics.TensorStatistics.CreatedOutsideScopeCount;

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Fit_AnyStrategy_RunsStepsInScopes(string key) => AssertStepsRunInScopes(Recipe with { Strategies = [StrategySettings.Create(key)] });

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Fit_AnyOptimizer_RunsStepsInScopes(string key) =>
        AssertStepsRunInScopes(Recipe with { Optimizer = OptimizerCatalog.Create(key), LearningRate = 1e-3 });

    [Fact]
    public void Fit_AllAugmentations_RunsStepsInScopes() =>
        AssertStepsRunInScopes(
            Recipe with
            {
                Input = new ImageShape(3, 16, 16),
                Augmentations = [.. AugmentationCatalog.Keys.Select(AugmentationCatalog.Create)],
            },
            TinyData.Random(new ImageShape(3, 16, 16), count: 16, classes: 2)
        );

    [Fact]
    public void Score_Image_RunsInAScope()
    {
        using ImageScorer scorer = new(TinySavedModel.Make(), torch.CPU);
        long before = CreatedOutside;

        scorer.Score(new byte[scorer.Input.Length], 1, new float[scorer.ClassCount]);

        Assert.Equal(before, CreatedOutside);
    }

    [Fact]
    public void Explain_Image_RunsInAScope()
    {
        SavedModel saved = TinySavedModel.Make();
        using NetworkExplainer explainer = new(saved, torch.CPU);
        byte[] image = new byte[saved.Manifest.Preprocessing.Shape.Length];
        long before = CreatedOutside;

        explainer.Explain(image, target: null);
        explainer.Activations([image]);

        Assert.Equal(before, CreatedOutside);
    }

    [Fact]
    public void Count_TensorOutsideAScope_Increases()
    {
        long before = CreatedOutside;

        torch.zeros(1).Dispose();

        Assert.Equal(before + 1, CreatedOutside);
    }

    // Parameters, buffers and optimizer state are created before the first step and owned by their objects.
    private static void AssertStepsRunInScopes(TrainingRecipe recipe, ImageSet? train = null)
    {
        List<long> made = [];
        train ??= TinyData.Bands(16);

        TinyRun.Fit(recipe, train, train, progress: _ => made.Add(CreatedOutside), checkpoints: new MemoryStore(isDue: () => true));

        Assert.Equal(made[0], CreatedOutside);
        Assert.True(made.Count >= recipe.Epochs * train.Count / recipe.ImagesPerStep);
    }
}
