using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using Microsoft.ML.FeatureMining.Tests.Networks;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;
using Linear = TorchSharp.Modules.Linear;
using Strategy = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>Compares the loss terms of Feature Mining with the plain definition and with PyTorch.</summary>
public sealed class FeatureMiningTests : IClassFixture<SingleThreadFixture>
{
    [Fact]
    public void Step_PyTorchsWeightsAndBranches_GivesPyTorchsLossesAndGradients()
    {
        NetworkGolden golden = new("feature-mining");
        using StrategyBench bench = new(new Strategy { Stages = 2 }) { Criterion = new CrossEntropyLoss { LabelSmoothing = 0.1 } };
        new NetworkGolden("cifar-resnet-8").Weights("weights").CopyTo(bench.Network);
        Dictionary<string, Linear> branches = bench.Context.Modules.ToDictionary(
            entry => entry.Name["feature-mining.".Length..],
            entry => (Linear)entry.Module
        );
        using (IDisposable noGrad = no_grad())
        {
            foreach ((string key, Linear branch) in branches)
            {
                branch.weight!.copy_(golden.Tensor($"branch/{key}.weight"));
                branch.bias!.copy_(golden.Tensor($"branch/{key}.bias"));
            }
        }

        (LossLedger ledger, _, _) = bench.Step(golden.Tensor("images"), StrategyBench.Targets(golden.Integers("labels")));
        ledger.Total().backward();

        TensorAssert.CloseValues(golden.Floats("losses"), [.. ledger.Entries.Select(entry => entry.Value.ToSingle())], NetworkGolden.Tolerance, "losses");
        Dictionary<string, Tensor> trunk = bench.Network.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        Assert.All(golden.Names("gradient"), name => golden.AssertMatches($"gradient/{name}", trunk[name].grad!));
        foreach ((string key, Linear branch) in branches)
        {
            golden.AssertMatches($"branch-gradient/{key}.weight", branch.weight!.grad!);
            golden.AssertMatches($"branch-gradient/{key}.bias", branch.bias!.grad!);
        }
    }

    [Fact]
    public void DrawBox_StreamOfTheGolden_GivesPythonsMasks()
    {
        NetworkGolden golden = new("feature-mining");
        RandomStream random = new(7, "feature-mining");

        Assert.Equal(golden.Floats("mask/1"), Strategy.DrawBox(BoxRule.CutMix, new StageShape(32, 8, 8), random.NextDouble(), random));
        Assert.Equal(golden.Floats("mask/2"), Strategy.DrawBox(BoxRule.CutMix, new StageShape(64, 4, 4), random.NextDouble(), random));
    }

    [Theory]
    [InlineData(3, 5, 7)]
    [InlineData(1, 1, 1)]
    [InlineData(16, 8, 8)]
    public void PoolParts_AnyMask_EqualsMaskMultiplyMeanAndItsGradients(int channels, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        StageShape shape = new(channels, height, width);
        RandomStream random = new(channels, "test");
        for (int round = 0; round < 10; round++)
        {
            Tensor mask = tensor(Strategy.DrawPoints(height * width, random.NextDouble(), random), [1, 1, height, width]);
            Tensor other = tensor(Strategy.DrawBox(BoxRule.CutMix, shape, random.NextDouble(), random), [1, 1, height, width]);
            float[] values = [.. Enumerable.Range(0, 4 * shape.Channels * height * width).Select(_ => (float)random.NextGaussian())];
            Tensor plain = tensor(values, [4, channels, height, width], requires_grad: true);
            Tensor pooling = tensor(values, [4, channels, height, width], requires_grad: true);
            Tensor weight = tensor(Enumerable.Range(0, 4 * channels).Select(_ => (float)random.NextGaussian()).ToArray(), [4, channels]);
            bool complementary = round % 2 == 0;

            Tensor plainInside = (plain * mask).mean(new long[] { 2, 3 });
            Tensor plainOutside = (plain * (complementary ? 1 - mask : other)).mean(new long[] { 2, 3 });
            Tensor weights = (complementary ? mask.view(1, 1, -1) : cat(new[] { mask.view(1, 1, -1), other.view(1, 1, -1) }, 1)) / (height * width);
            (Tensor inside, Tensor outside) = Strategy.PoolParts(pooling, weights, pooling.mean(new long[] { 2, 3 }));

            Assert.True(inside.allclose(plainInside, 1e-5, 1e-6));
            Assert.True(outside.allclose(plainOutside, 1e-5, 1e-6));
            (plainInside * weight + plainOutside * weight * weight).sum().backward();
            (inside * weight + outside * weight * weight).sum().backward();
            Assert.True(pooling.grad!.allclose(plain.grad!, 1e-4, 1e-6));
        }
    }

    [Fact]
    public void Masks_BoxesAndPoints_AreExactlyComplementary()
    {
        RandomStream random = new(1, "test");
        StageShape shape = new(16, 8, 8);
        for (int round = 0; round < 1000; round++)
        {
            float[] mask =
                round % 2 == 0 ? Strategy.DrawBox(BoxRule.CutMix, shape, random.NextDouble(), random) : Strategy.DrawPoints(64, random.NextDouble(), random);
            Assert.All(
                mask,
                value =>
                {
                    Assert.True(value is 0 or 1);
                    float x = (float)random.NextGaussian();
                    Assert.Equal(1, value + (1 - value));
                    Assert.Equal(x, x * value + x * (1 - value));
                }
            );
        }
    }

    [Fact]
    public void Step_EmptyBox_GivesNothingInsideAndAllOutside()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor features = randn(2, 3, 4, 4);
        Tensor pooled = features.mean(new long[] { 2, 3 });

        (Tensor inside, Tensor outside) = Strategy.PoolParts(features, zeros(1, 1, 16), pooled);

        TensorAssert.SameBits(zeros_like(pooled), inside);
        TensorAssert.SameBits(pooled, outside);
    }

    [Theory]
    [InlineData(1, Segmentation.Block)]
    [InlineData(2, Segmentation.Block)]
    [InlineData(3, Segmentation.Block)]
    [InlineData(1, Segmentation.Points)]
    [InlineData(2, Segmentation.Channels)]
    [InlineData(3, Segmentation.NonComplementary)]
    public void Step_AnyStagesAndSegmentation_AddsTwoTermsPerStage(int stages, Segmentation segmentation)
    {
        using StrategyBench bench = new(new Strategy { Stages = stages, Segmentation = segmentation });

        (LossLedger ledger, _, _) = bench.Step(randn(4, 3, 16, 16), StrategyBench.Targets([0, 1, 2, 3]));

        IEnumerable<string> mined = Enumerable
            .Range(3 - stages, stages)
            .SelectMany(stage => new[] { $"feature-mining.{stage}.inside", $"feature-mining.{stage}.outside" });
        Assert.Equal(["criterion", .. mined], ledger.Entries.Select(entry => entry.Name));
        Assert.Equal(1 + 2 * stages, ledger.Entries.Count());
        float sum = ledger.Entries.Sum(entry => entry.Value.ToSingle());
        Assert.Equal(sum, ledger.Total().ToSingle(), 1e-4f * sum);
        Assert.Equal(2 * stages, bench.Context.Modules.Count);
        Assert.Equal(Enumerable.Range(3 - stages, stages), bench.Context.KeptStages.Order());
    }

    [Theory]
    [InlineData(Segmentation.Block, false)]
    [InlineData(Segmentation.Points, false)]
    [InlineData(Segmentation.Channels, false)]
    [InlineData(Segmentation.NonComplementary, false)]
    [InlineData(Segmentation.Block, true)]
    [InlineData(Segmentation.Points, true)]
    [InlineData(Segmentation.Channels, true)]
    [InlineData(Segmentation.NonComplementary, true)]
    public void Step_EachSegmentation_EqualsThePlainDefinition(Segmentation segmentation, bool maskPerImage)
    {
        using StrategyBench bench = new(
            new Strategy
            {
                Stages = 2,
                Segmentation = segmentation,
                MaskPerImage = maskPerImage,
            },
            seed: 11
        );
        Tensor targets = StrategyBench.Targets([0, 1, 2, 3]);

        (LossLedger ledger, Tensor?[] features, _) = bench.Step(randn(4, 3, 16, 16), targets);

        RandomStream random = new(11, "feature-mining");
        Dictionary<string, float> values = ledger.Entries.ToDictionary(entry => entry.Name, entry => entry.Value.ToSingle());
        foreach (int stage in new[] { 1, 2 })
        {
            StageShape shape = bench.Context.Stages[stage];
            (Tensor First, Tensor Second)[] masks = [.. Enumerable.Range(0, maskPerImage ? 4 : 1).Select(_ => PlainMasks(segmentation, shape, random))];
            AssertTerm("inside", features[stage]! * cat(masks.Select(mask => mask.First).ToArray(), 0));
            AssertTerm("outside", features[stage]! * cat(masks.Select(mask => mask.Second).ToArray(), 0));

            void AssertTerm(string part, Tensor masked)
            {
                Linear branch = (Linear)bench.Context.Modules.Single(entry => entry.Name == $"feature-mining.{stage}.{part}").Module;
                float expected = bench.Criterion.Compute(branch.call(masked.mean(new long[] { 2, 3 })), targets).ToSingle();
                Assert.Equal(expected, values[$"feature-mining.{stage}.{part}"], 1e-5f * expected);
            }
        }
    }

    [Fact]
    public void DrawPoints_ManyDraws_HaveTheDistributionOfLambda()
    {
        const int Draws = 100_000;
        RandomStream random = new(3, "test");
        double[] fractions = [.. Enumerable.Range(0, Draws).Select(_ => (double)Strategy.DrawPoints(16, random.NextDouble(), random).Average())];

        // With p ~ U(0,1): mean 1/2, variance Var(p) + E[p (1 - p)] / 16 = 1/12 + 1/96.
        double variance = 1.0 / 12 + 1.0 / 96;
        Assert.Equal(0.5, fractions.Average(), 4 * Math.Sqrt(variance / Draws));
        Assert.Equal(variance, fractions.Average(fraction => (fraction - 0.5) * (fraction - 0.5)), 4 * variance / Math.Sqrt(Draws));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(4)]
    public void Problems_StagesOutOfRange_AreReported(int stages) => Assert.Single(PartProblems.Of(new Strategy { Stages = stages }));

    [Fact]
    public void Problems_UnknownSegmentation_IsReported() => Assert.Single(PartProblems.Of(new Strategy { Segmentation = (Segmentation)9 }));

    private static (Tensor First, Tensor Second) PlainMasks(Segmentation segmentation, StageShape shape, RandomStream random)
    {
        long[] map = [1, 1, shape.Height, shape.Width];
        switch (segmentation)
        {
            case Segmentation.NonComplementary:
                return (
                    tensor(Strategy.DrawBox(BoxRule.CutMix, shape, random.NextDouble(), random), map),
                    tensor(Strategy.DrawBox(BoxRule.CutMix, shape, random.NextDouble(), random), map)
                );
            case Segmentation.Channels:
                Tensor channels = tensor(Strategy.DrawPoints(shape.Channels, random.NextDouble(), random), [1, shape.Channels, 1, 1]);
                return (channels, 1 - channels);
            case Segmentation.Points:
                Tensor points = tensor(Strategy.DrawPoints(shape.Height * shape.Width, random.NextDouble(), random), map);
                return (points, 1 - points);
            default:
                Tensor box = tensor(Strategy.DrawBox(BoxRule.CutMix, shape, random.NextDouble(), random), map);
                return (box, 1 - box);
        }
    }
}
