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
/// What computes does so in a dispose scope. TorchSharp passes the handle of a tensor to libtorch and does not keep the tensor alive: one that is in no scope can be freed by the garbage collector while
/// libtorch works on it.
/// </summary>
public sealed class TensorScopeTests : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Recipe = TinyRun.Recipe with { ReportEverySteps = 1, ClipGradientNorm = 1, EmaDecay = 0.9, GradientAccumulationSteps = 2, BatchSize = 4 };

    public static TheoryData<string> Strategies { get; } = [.. StrategyCatalog.Keys];

    public static TheoryData<string> Optimizers { get; } = [.. OptimizerCatalog.Keys];

    // Of this thread.
    private static long MadeOutside => DisposeScopeManager.Statistics.TensorStatistics.CreatedOutsideScopeCount;

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Fit_AnyStrategy_StepsWithinScopes(string key) => AssertStepsWithinScopes(Recipe with { Strategies = [StrategySettings.Create(key)] });

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Fit_AnyOptimizer_StepsWithinScopes(string key) => AssertStepsWithinScopes(Recipe with { Optimizer = OptimizerCatalog.Create(key), LearningRate = 1e-3 });

    [Fact]
    public void Fit_AllAugmentations_StepsWithinScopes() => AssertStepsWithinScopes(
        Recipe with { Input = new ImageShape(3, 16, 16), Augmentations = [.. AugmentationCatalog.Keys.Select(AugmentationCatalog.Create)] }, TinyData.Random(new ImageShape(3, 16, 16), count: 16, classes: 2));

    [Fact]
    public void Score_AnImage_IsWithinAScope()
    {
        using ImageScorer scorer = new(TinyArtifact.Make(), torch.CPU);
        long before = MadeOutside;

        scorer.Score(new byte[scorer.Input.Length], 1, new float[scorer.ClassCount]);

        Assert.Equal(before, MadeOutside);
    }

    [Fact]
    public void Explain_AnImage_IsWithinAScope()
    {
        ModelArtifact artifact = TinyArtifact.Make();
        using NetworkExplainer explainer = new(artifact, torch.CPU);
        byte[] image = new byte[artifact.Manifest.Preprocessing.Shape.Length];
        long before = MadeOutside;

        explainer.Explain(image, target: null);
        explainer.Activations([image]);

        Assert.Equal(before, MadeOutside);
    }

    [Fact]
    public void Count_OfATensorOutsideAScope_Rises()
    {
        long before = MadeOutside;

        torch.zeros(1).Dispose();

        Assert.Equal(before + 1, MadeOutside);
    }

    // Parameters, buffers and the optimizer's tensors are made before the first step, and their owners keep them.
    private static void AssertStepsWithinScopes(TrainingRecipe recipe, ImageSet? train = null)
    {
        List<long> made = [];
        train ??= TinyData.Bands(16);

        TinyRun.Fit(recipe, train, train, progress: _ => made.Add(MadeOutside), checkpoints: new MemoryStore(isDue: () => true));

        Assert.Equal(made[0], MadeOutside);
        Assert.True(made.Count >= recipe.Epochs * train.Count / recipe.ImagesPerStep);
    }
}
