using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>Compares Mixup and CutMix with the plain definition, and checks their random draws.</summary>
public sealed class MixingTests : IClassFixture<SingleThreadFixture>
{
    // Variance and fourth central moment of Beta(a, a), printed by test/Goldens/make_losses.py.
    [Theory]
    [InlineData(0.001, 0.249500998, 0.06233369371)]
    [InlineData(0.2, 0.1785714286, 0.0393907563)]
    [InlineData(1, 0.08333333333, 0.0125)]
    [InlineData(5, 0.02272727273, 0.001311188811)]
    public void BetaDistribution_ManyDraws_HasTheMomentsOfBeta(double shape, double variance, double fourth)
    {
        const int Draws = 100_000;
        RandomStream random = new(1, "beta");
        double[] values = [.. Enumerable.Range(0, Draws).Select(_ => BetaDistribution.Draw(shape, random))];

        Assert.All(values, value => Assert.InRange(value, 0, 1));
        Assert.Equal(0.5, values.Average(), 5 * Math.Sqrt(variance / Draws));
        Assert.Equal(variance, values.Average(value => (value - 0.5) * (value - 0.5)), 5 * Math.Sqrt((fourth - variance * variance) / Draws));
        Assert.Equal(fourth, values.Average(value => Math.Pow(value - 0.5, 4)), 5 * Math.Sqrt(fourth / 16 / Draws));
    }

    [Fact]
    public void Mixup_Step_MixesImagesAndTargetsAlike()
    {
        using DisposeScope scope = NewDisposeScope();
        Batch batch = Draw(8);
        float[] before = TensorAssert.Values(batch.Images);

        Batch mixed = Prepare(new Mixup(), batch, seed: 3);

        RandomStream random = new(3, "mixup");
        Assert.InRange(random.NextDouble(), 0, 1);
        float lambda = (float)BetaDistribution.Draw(1, random);
        int[] order = random.Permutation(8);
        foreach ((Tensor old, Tensor now) in new[] { (batch.Images, mixed.Images), (batch.Targets, mixed.Targets) })
        {
            float[][] rows = [.. TensorAssert.Values(old).Chunk((int)(old.numel() / 8))];
            float[] expected = [.. rows.SelectMany((row, n) => row.Zip(rows[order[n]], (x, other) => lambda * x + (1 - lambda) * other))];
            TensorAssert.CloseValues(expected, TensorAssert.Values(now), 1e-6, "mixed");
        }

        Assert.Equal(before, TensorAssert.Values(batch.Images));
    }

    [Fact]
    public void CutMix_Paste_ReplacesTheBoxAndMixesTargetsByArea()
    {
        using DisposeScope scope = NewDisposeScope();
        Batch batch = Draw(4);
        float[] before = TensorAssert.Values(batch.Images);
        int[] order = [2, 0, 3, 1];
        PixelBox box = new(Top: 2, Left: 1, Height: 4, Width: 3);

        Batch mixed = CutMix.Paste(batch, tensor(new long[] { 2, 0, 3, 1 }), box);

        float[] after = TensorAssert.Values(mixed.Images);
        Assert.All(
            Enumerable.Range(0, after.Length),
            i =>
            {
                (int n, int c, int y, int x) = (i / (2 * 7 * 5), i / (7 * 5) % 2, i / 5 % 7, i % 5);
                Assert.Equal(before[(((box.Contains(x, y) ? order[n] : n) * 2 + c) * 7 + y) * 5 + x], after[i]);
            }
        );
        float lambda = 1 - 12f / 35;
        float[][] targets = [.. TensorAssert.Values(batch.Targets).Chunk(3)];
        TensorAssert.CloseValues(
            [.. targets.SelectMany((row, n) => row.Zip(targets[order[n]], (t, other) => lambda * t + (1 - lambda) * other))],
            TensorAssert.Values(mixed.Targets),
            1e-6,
            "targets"
        );
        Assert.Equal(before, TensorAssert.Values(batch.Images));
    }

    [Fact]
    public void CutMix_ManyBatches_AreMixedWithTheProbabilityAndTargetsMatchTheArea()
    {
        using DisposeScope scope = NewDisposeScope();
        const int Batches = 2000;
        StrategyRun run = new CutMix { Probability = 0.3 }.Start(Context("cutmix"));
        // All pixels of an image have its number, so that the pixels show what was pasted.
        Batch batch = new(arange(4, ScalarType.Float32).view(4, 1, 1, 1).expand(4, 1, 8, 8).clone(), eye(4));
        int mixed = 0;
        for (int i = 0; i < Batches; i++)
        {
            using DisposeScope step = NewDisposeScope();
            Batch result = run.Prepare(batch, default);
            mixed += ReferenceEquals(result, batch) ? 0 : 1;
            float[] means = TensorAssert.Values(result.Images.mean(new long[] { 1, 2, 3 }));
            float[] expected = TensorAssert.Values(result.Targets.matmul(arange(4, ScalarType.Float32)));
            Assert.All(means.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
        }

        // A box on 8 x 8 pixels is empty if half of its side rounds to 0: sqrt(1 - lambda) < 1/4.
        double probability = 0.3 * (1 - 1.0 / 16);
        Assert.Equal(probability, (double)mixed / Batches, 5 * Math.Sqrt(probability * (1 - probability) / Batches));
    }

    private static Batch Draw(int count)
    {
        RandomStream random = new(1, "batch");
        float[] pixels = [.. Enumerable.Range(0, count * 2 * 7 * 5).Select(_ => (float)random.NextGaussian())];
        return new Batch(tensor(pixels, [count, 2, 7, 5]), StrategyBench.Targets(Enumerable.Range(0, count).Select(i => i % 3L), classes: 3));
    }

    private static Batch Prepare(TrainingStrategy strategy, Batch batch, long seed) => strategy.Start(Context(strategy.Key, seed)).Prepare(batch, default);

    private static StrategyContext Context(string key, long seed = 1) => new(key, [new StageShape(4, 8, 8)], 4, CPU, new RandomStream(seed, key));
}
