using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Schedules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Training in two phases, as patch training does, is a single run: the second continues with the optimizer's state and the schedule of the
/// first.</summary>
public sealed class TwoPhaseTests : IClassFixture<SingleThreadFixture>
{
    // One step per epoch on all images, so that the order of the images does not matter.
    private static readonly TrainingRecipe Whole = TinyRun.Recipe with
    {
        Epochs = 4,
        BatchSize = 20,
        Schedule = new CosineSchedule(),
        WarmupEpochs = 1,
        KeepWeights = KeepWeights.Last,
    };

    [Fact]
    public void Fit_TwoPhases_EndsWhereOneRunEnds()
    {
        ImageSet train = TinyData.Bands(20);
        float[] whole = Values(TinyRun.Fit(Whole, train));

        TrainingOutcome first = TinyRun.Fit(Whole with { Epochs = 2, EpochsAfter = 2 }, train);
        TrainingRecipe second = Whole with { Epochs = 2, EpochsBefore = 2 };

        TensorAssert.CloseValues(whole, Values(Continue(second, first, train)), 1e-4, "weights");
        Assert.True(Distance(whole, Values(Continue(second, first with { Optimizer = null }, train))) > 1e-3);
        Assert.True(Distance(whole, Values(Continue(second with { EpochsBefore = 0 }, first, train))) > 1e-3);
    }

    [Fact]
    public void Fit_TwoPhasesWithAnAverage_HandsOverTheWeightsAndNotTheirAverage()
    {
        ImageSet train = TinyData.Bands(20);
        TrainingRecipe first = Whole with { Epochs = 2, EpochsAfter = 2 };

        string plain = TinyRun.Bits(TinyRun.Fit(first, train));

        Assert.Equal(plain, TinyRun.Bits(TinyRun.Fit(first with { EmaDecay = 0.9 }, train)));
        TrainingRecipe alone = first with { EpochsAfter = 0 };
        Assert.NotEqual(TinyRun.Bits(TinyRun.Fit(alone, train)), TinyRun.Bits(TinyRun.Fit(alone with { EmaDecay = 0.9 }, train)));
    }

    [Fact]
    public void Fit_OnePhase_KeepsNoOptimizerState() => Assert.Null(TinyRun.Fit(Whole).Optimizer);

    private static TrainingOutcome Continue(TrainingRecipe recipe, TrainingOutcome before, ImageSet train) =>
        TrainingEngine.Fit(recipe, train, null, new TrainingHost(CPU) { LoadWeights = before.Weights.CopyTo, Optimizer = before.Optimizer });

    private static float[] Values(TrainingOutcome outcome) =>
        [
            .. outcome
                .Weights.Tensors.Where(tensor => tensor.Name.EndsWith("weight", StringComparison.Ordinal))
                .SelectMany(tensor => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.Bytes).ToArray()),
        ];

    private static double Distance(float[] one, float[] other) => Math.Sqrt(one.Zip(other, (a, b) => (double)(a - b) * (a - b)).Sum()) / TensorAssert.L2(one);
}
