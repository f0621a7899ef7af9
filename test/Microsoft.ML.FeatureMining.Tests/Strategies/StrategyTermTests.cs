using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Networks;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>
/// Compares values and gradients of the loss terms of strategies with test/Goldens/make_losses.py: relative error 1e-5, for the gradients of a whole network
/// 1e-4.
/// </summary>
public sealed class StrategyTermTests : IClassFixture<SingleThreadFixture>
{
    private const double Tolerance = 1e-5;

    private static readonly GoldenTensors Golden = new("losses", "losses.safetensors");

    [Fact]
    public void CenterLoss_ThreeSteps_IsTheEquationAndMovesTheCenters()
    {
        using DisposeScope scope = NewDisposeScope();
        using ClassCenters centers = new(classes: 5, channels: 6);
        for (int step = 0; step < 3; step++)
        {
            Tensor embedding = Golden[$"center/{step}/embedding"].requires_grad_(true);
            Tensor targets = Golden[$"center/{step}/targets"].to(ScalarType.Float32);

            Tensor loss = CenterLoss.Distance(embedding, targets, centers.Values.clone()).sum();
            centers.Update(embedding.detach(), targets, rate: 0.5);
            loss.backward();

            AssertSame($"center/{step}", loss, embedding);
            TensorAssert.Close(Golden[$"center/{step}/centers"], centers.Values, Tolerance, "centers");
        }
    }

    [Theory]
    [InlineData(true, 0.5)]
    [InlineData(false, 2)]
    public void CenterLoss_FourTimesOneImage_AddsTheMeanOrTheSum(bool mean, double factor)
    {
        using StrategyBench bench = new(new CenterLoss { CenterRate = 1, MeanOverBatch = mean });

        Tensor loss = bench
            .Step(randn(1, 3, 16, 16).expand(4, 3, 16, 16), StrategyBench.Targets([2, 2, 2, 5]))
            .Ledger.Entries.Single(entry => entry.Name == "center-loss")
            .Value;

        // From 0, a rate of 1 moves the center halfway to its single image.
        Tensor embedding = ClassCentersOf(bench).Values.select(0, 5) * 2;
        Assert.True(loss.ToSingle() > 0);
        TensorAssert.Close(embedding.square().sum() * factor, loss, Tolerance, "loss");
    }

    [Fact]
    public void CenterLoss_Step_LearnsTheMeans()
    {
        using StrategyBench bench = new(new CenterLoss { CenterRate = 1 });
        Tensor images = randn(4, 3, 16, 16);
        Tensor targets = StrategyBench.Targets([2, 2, 2, 5]);

        float first = bench.Step(images, targets).Ledger.Entries.Single(entry => entry.Name == "center-loss").Value.ToSingle();

        // From 0, a rate of 1 moves a center to n / (1 + n) of the mean of its n images.
        Tensor embedding = ClassCentersOf(bench).Values.select(0, 2) * 4 / 3;
        Assert.True(first > 0);
        Assert.Equal(0, ClassCentersOf(bench).Values.select(0, 0).abs().sum().ToSingle());
        Assert.True(embedding.abs().sum().ToSingle() > 0);
        Assert.True(bench.Step(images, targets).Ledger.Entries.Last().Value.ToSingle() < first);
    }

    [Theory]
    [InlineData("binary", "(((0,5),2),((1,6),(4,3)));")]
    [InlineData("wide", "((6,1,0),2,((5,3),4));")]
    [InlineData("flat", "(0,1,2,3,4,5,6);")]
    public void TreeSupervision_EachShape_IsTheProductAlongThePath(string name, string tree)
    {
        using DisposeScope scope = NewDisposeScope();
        using HierarchyTables tables = new(ClassHierarchy.Parse(tree));
        Tensor logits = Golden["tree/logits"].requires_grad_(true);

        Tensor leaves = tables.LeafLogProbabilities(logits);
        Tensor loss = (Golden["tree/targets"] * leaves).sum(1).mean().neg();
        loss.backward();

        AssertSame($"tree/{name}", loss, logits);
        Assert.All(TensorAssert.Values(leaves.exp().sum(1)), sum => Assert.Equal(1, sum, 1e-5f));
    }

    [Fact]
    public void TreeSupervision_HierarchyWithOtherClassCount_IsRejected()
    {
        TreeSupervision strategy = new() { Hierarchy = ClassHierarchy.Parse("(0,(1,2));") };

        Assert.Contains("has 3 classes; the training set has 10", Assert.Throws<ArgumentException>(() => new StrategyBench(strategy)).Message);
    }

    [Fact]
    public void ClassWiseSelfDistillation_PairsAndOthers_IsPyTorchsDivergenceOfThePairs()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = Golden["pairs/logits"].requires_grad_(true);

        Tensor loss = ClassWiseSelfDistillation.PairDivergence(logits, StrategyBench.Targets(Golden.Integers("pairs/labels"), classes: 5), temperature: 4);
        loss.backward();

        AssertSame("pairs", loss, logits);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(4.0)]
    public void ClassWiseSelfDistillation_GivenPartners_IsTheDivergenceOfEachRow(double temperature)
    {
        using DisposeScope scope = NewDisposeScope();
        float[][] logits =

            [
                [1, -2, 0.5f],
                [0, 3, -1],
            ],
            partners =

            [
                [0.25f, 2, -1],
                [0, 3, -1],
            ];

        Tensor rows = SoftTargets.Divergence(stack(logits.Select(row => tensor(row))), stack(partners.Select(row => tensor(row))), temperature);

        TensorAssert.CloseValues(
            [
                .. logits.Zip(
                    partners,
                    (one, other) => (float)(temperature * temperature * Softmax(other).Zip(Softmax(one), (p, q) => p * Math.Log(p / q)).Sum())
                ),
            ],
            TensorAssert.Values(rows),
            Tolerance,
            "rows"
        );

        double[] Softmax(float[] row) => [.. row.Select(value => Math.Exp(value / temperature) / row.Sum(other => Math.Exp(other / temperature)))];
    }

    [Fact]
    public void ClassWiseSelfDistillation_NoPair_IsZero()
    {
        using DisposeScope scope = NewDisposeScope();

        Assert.Equal(0, ClassWiseSelfDistillation.PairDivergence(randn(4, 3), StrategyBench.Targets([0, 1, 1, 2], classes: 3), temperature: 4).ToSingle());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void DropBlock_GivenCorners_DropsTheSquaresBelowThem(int side)
    {
        using DisposeScope scope = NewDisposeScope();

        TensorAssert.Close(
            Golden[$"block/{side}/result"],
            DropBlock.Drop(Golden["block/features"], Golden[$"block/{side}/corners"], side),
            Tolerance,
            "features"
        );
    }

    [Fact]
    public void DropBlock_EverythingDropped_IsZeroAndFinite()
    {
        using DisposeScope scope = NewDisposeScope();

        Assert.All(TensorAssert.Values(DropBlock.Drop(ones(1, 1, 3, 3), ones(1, 1, 1, 1), 3)), value => Assert.Equal(0, value));
    }

    [Fact]
    public void BeYourOwnTeacher_PyTorchsWeights_GivesPyTorchsTermsAndGradients()
    {
        using StrategyBench bench = new(new BeYourOwnTeacher());
        new NetworkGolden("cifar-resnet-8").Weights("weights").CopyTo(bench.Network);
        Dictionary<string, nn.Module> modules = bench.Context.Modules.ToDictionary(entry => entry.Name, entry => entry.Module);
        using (IDisposable noGrad = no_grad())
        {
            foreach (int stage in new[] { 0, 1 })
            {
                Load(modules[$"byot.{stage}"], $"byot/exit/{stage}/");
            }
        }

        (LossLedger ledger, _, _) = bench.Step(Golden["byot/images"], StrategyBench.Targets(Golden.Integers("byot/labels")));
        ledger.Total().backward();

        Assert.Equal(
            ["criterion", "byot.0.labels", "byot.0.teacher", "byot.0.hint", "byot.1.labels", "byot.1.teacher", "byot.1.hint"],
            ledger.Entries.Select(entry => entry.Name)
        );
        TensorAssert.CloseValues(
            TensorAssert.Values(Golden["byot/values"]),
            [.. ledger.Entries.Skip(1).Select(entry => entry.Value.ToSingle())],
            Tolerance,
            "terms"
        );
        Assert.Equal(Golden.Doubles("byot/total")[0], ledger.Total().ToSingle(), 1e-4);
        Dictionary<string, Tensor> trunk = bench.Network.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        Assert.All(
            Golden.Names("byot/gradient"),
            name => TensorAssert.Close(Golden[$"byot/gradient/{name}"], trunk[name].grad!, NetworkGolden.Tolerance, name)
        );
        foreach (int stage in new[] { 0, 1 })
        {
            Dictionary<string, Tensor> exit = modules[$"byot.{stage}"].state_dict();
            TensorAssert.Close(Golden[$"byot/exit-gradient/{stage}"], exit["fc.weight"].grad!, NetworkGolden.Tolerance, "fc");
            TensorAssert.Close(Golden[$"byot/adapter-gradient/{stage}"], exit["adapter.0.weight"].grad!, NetworkGolden.Tolerance, "adapter");
        }
    }

    private static ClassCenters ClassCentersOf(StrategyBench bench) => (ClassCenters)bench.Context.Modules.Single().Module;

    private static void Load(nn.Module module, string folder)
    {
        foreach ((string name, Tensor value) in module.state_dict())
        {
            if (!name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
            {
                value.copy_(Golden[folder + name.Replace("adapter.", "", StringComparison.Ordinal)]);
            }
        }
    }

    private static void AssertSame(string name, Tensor loss, Tensor input)
    {
        double expected = Golden.Doubles($"{name}/value")[0];
        Assert.Equal(expected, loss.ToSingle(), Tolerance * expected);
        TensorAssert.Close(Golden[$"{name}/gradient"], input.grad!, Tolerance, name);
    }
}
