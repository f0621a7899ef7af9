using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>The stages, the rates and the shapes of the three kinds of dropout.</summary>
public sealed class DropoutTests : IClassFixture<SingleThreadFixture>
{
    private static readonly StageShape[] Stages = [new(8, 16, 16), new(8, 16, 16), new(8, 16, 16), new(8, 16, 16)];

    [Theory]
    [InlineData("dropout", new[] { 2 })]
    [InlineData("spatial-dropout", new[] { 2 })]
    [InlineData("drop-block", new[] { 0, 1 })]
    public void OnStage_EachStage_ActsOnTheStagesOfThePaper(string key, int[] stages)
    {
        using DisposeScope scope = NewDisposeScope();
        StrategyRun run = StrategyCatalog.Create(key).Start(Context(key));
        Tensor features = ones(16, 8, 16, 16);

        IEnumerable<int> changed = Enumerable.Range(0, 4).Where(stage => run.OnStage(stage, features, Late).ne(features).any().ToBoolean());

        Assert.Equal(stages, changed);
    }

    [Fact]
    public void Dropout_Features_AreDroppedIndependentlyWithTheRate()
    {
        using DisposeScope scope = NewDisposeScope();
        StrategyRun run = new FeatureDropout { Rate = 0.3 }.Start(Context("dropout"));

        Tensor result = run.OnStage(2, ones(64, 8, 16, 16), Late);

        float[] values = TensorAssert.Values(result);
        Assert.All(values, value => Assert.True(value == 0 || Math.Abs(value - 1 / 0.7f) < 1e-6f));
        Assert.Equal(0.3, values.Average(value => value == 0 ? 1.0 : 0), 5 * Math.Sqrt(0.21 / values.Length));
        // Neighbors are dropped independently.
        Assert.Equal(0.09, values.Zip(values.Skip(1)).Average(pair => pair.First == 0 && pair.Second == 0 ? 1.0 : 0), 0.003);
    }

    [Fact]
    public void SpatialDropout_Channels_AreDroppedAsAWholeWithTheRate()
    {
        using DisposeScope scope = NewDisposeScope();
        StrategyRun run = new SpatialDropout { Rate = 0.3 }.Start(Context("spatial-dropout"));

        Tensor result = run.OnStage(2, ones(4000, 8, 2, 2), Late);

        float[] values = TensorAssert.Values(result);
        Assert.All(values.Chunk(4), channel => Assert.Single(channel.Distinct()));
        Assert.Equal(0.3, values.Average(value => value == 0 ? 1.0 : 0), 5 * Math.Sqrt(0.21 / (values.Length / 4)));
    }

    [Theory]
    [InlineData(0.0, 0.0)]
    [InlineData(0.5, 0.05)]
    [InlineData(0.999, 0.0999)]
    public void DropBlock_Run_DropsLinearlyMore(double progress, double dropped)
    {
        using DisposeScope scope = NewDisposeScope();
        StrategyRun run = new DropBlock { BlockSize = 3 }.Start(Context("drop-block"));

        Tensor result = run.OnStage(0, ones(64, 8, 16, 16), new TrainingClock((int)(progress * 1000), 1000, 0, 1));

        // A feature at least 2 from the edge is dropped if one of 9 positions is a corner: 1 - (1 - gamma)^9.
        double gamma = dropped * 16 * 16 / (9.0 * 14 * 14);
        double expected = 1 - Math.Pow(1 - gamma, 9);
        float dropRate = result.narrow(2, 2, 12).narrow(3, 2, 12).eq(0).to(ScalarType.Float32).mean().ToSingle();
        Assert.Equal(expected, dropRate, 5 * Math.Sqrt(9 * expected / (64 * 8 * 144)) + 1e-12);
        // The mean over the batch is preserved.
        Assert.Equal(1, result.mean().ToSingle(), 1e-4f);
    }

    private static TrainingClock Late => new(9, 10, 0, 1);

    private static StrategyContext Context(string key) => new(key, Stages, 10, CPU, new RandomStream(1, key));
}
