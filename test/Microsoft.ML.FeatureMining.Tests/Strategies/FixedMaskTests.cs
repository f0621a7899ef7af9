using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

public sealed class FixedMaskTests : IClassFixture<SingleThreadFixture>
{
    [Theory]
    [InlineData(FeatureMapHalf.Left, new float[] { 1, 1, 0, 1, 1, 0 })]
    [InlineData(FeatureMapHalf.Right, new float[] { 0, 1, 1, 0, 1, 1 })]
    [InlineData(FeatureMapHalf.Upper, new float[] { 1, 1, 1, 0, 0, 0 })]
    [InlineData(FeatureMapHalf.Lower, new float[] { 0, 0, 0, 1, 1, 1 })]
    public void OnStage_LastStage_KeepsItsHalf(FeatureMapHalf kept, float[] expected)
    {
        using DisposeScope scope = NewDisposeScope();
        StageShape[] shapes = [new StageShape(4, 4, 6), new StageShape(2, 2, 3)];
        StrategyRun run = new FixedMask { Kept = kept }.Start(new StrategyContext("fixed-mask", shapes, 2, CPU, new RandomStream(1, "fixed-mask")));
        Tensor features = rand(5, 2, 2, 3);

        Tensor masked = run.OnStage(1, features, new TrainingClock());

        Assert.Same(features, run.OnStage(0, features, new TrainingClock()));
        TensorAssert.SameBits(features * tensor(expected, [1, 1, 2, 3]), masked);
    }
}
