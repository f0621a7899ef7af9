using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Networks;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>
/// Compares AugMask, intra-class patch swap and the other readings of the papers' losses with test/Goldens/make_methods.py: relative error 1e-5, for the
/// gradients of a whole network 1e-4.
/// </summary>
public sealed class MethodTests : IClassFixture<SingleThreadFixture>
{
    private const double Tolerance = 1e-5;

    private static readonly GoldenTensors Golden = new("methods", "methods.safetensors");

    [Theory]
    [InlineData("hard")]
    [InlineData("soft")]
    public void PositiveClass_OnLogits_IsGems(string targets)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = Golden["pcl/logits"].requires_grad_(true);

        Tensor loss = new PositiveClassLoss { OnLogits = true }.Compute(logits, Golden[$"pcl/{targets}"].to(ScalarType.Float32));
        loss.backward();

        AssertSame($"pcl/{targets}-loss", loss, logits);
    }

    [Theory]
    [InlineData("binary", "(((0,5),2),((1,6),(4,3)));")]
    [InlineData("wide", "((6,1,0),2,((5,3),4));")]
    public void TreeSupervision_InnerProducts_IsEquation7(string name, string tree)
    {
        using DisposeScope scope = NewDisposeScope();
        using HierarchyTables tables = new(ClassHierarchy.Parse(tree));
        Tensor x = Golden["tree/x"].requires_grad_(true);

        Tensor leaves = tables.LeafLogProbabilities(x.mm(Golden["tree/w"].t()), PathScore.InnerProducts);
        Tensor loss = (Golden["tree/targets"] * leaves).sum(1).mean().neg();
        loss.backward();

        AssertSame($"tree/{name}", loss, x);
    }

    [Fact]
    public void TreeSupervision_EachPathScore_GivesAnotherLoss()
    {
        float[] losses =
        [
            .. Enum.GetValues<PathScore>()
                .Select(score =>
                {
                    using StrategyBench bench = new(
                        new TreeSupervision { Hierarchy = ClassHierarchy.Parse("((0,1,2,3),(4,5,(6,7,(8,9))));"), PathScore = score }
                    );
                    new NetworkGolden("cifar-resnet-8").Weights("weights").CopyTo(bench.Network);
                    return bench
                        .Step(Golden["augmask/images"], StrategyBench.Targets(Golden.Integers("augmask/labels")))
                        .Ledger.Entries.Last()
                        .Value.ToSingle();
                }),
        ];

        Assert.Equal(2, losses.Distinct().Count());
        Assert.All(losses, loss => Assert.True(loss > 0));
    }

    [Fact]
    public void CenterLoss_CentersOfTheBatch_IsTheEquationWithTheMeans()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor embedding = Golden["center/embedding"].requires_grad_(true);
        Tensor targets = StrategyBench.Targets(Golden.Integers("center/labels"), classes: 5);

        Tensor loss = CenterLoss.Distance(embedding, targets, ClassCenters.Of(embedding.detach(), targets)).mean();
        loss.backward();

        AssertSame("center/batch", loss, embedding);
    }

    [Fact]
    public void CenterLoss_Normalized_IsGemsWithTwiceItsWeight()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor embedding = Golden["center/embedding"].requires_grad_(true);
        Tensor targets = StrategyBench.Targets(Golden.Integers("center/labels"), classes: 5);

        Tensor loss = CenterLoss.Distance(CenterLoss.Unit(embedding), targets, CenterLoss.Unit(Golden["center/centers"])).mean();
        loss.backward();

        AssertSame("center/normalized", loss, embedding);
    }

    [Theory]
    [InlineData(CenterSource.Batch, false)]
    [InlineData(CenterSource.Moving, true)]
    [InlineData(CenterSource.Batch, true)]
    public void CenterLoss_EachReading_IsWhatTheStepAdds(CenterSource source, bool normalize)
    {
        using StrategyBench bench = new(new CenterLoss { Centers = source, Normalize = normalize });
        Tensor images = randn(4, 3, 16, 16);
        Tensor targets = StrategyBench.Targets([2, 2, 2, 5]);

        double loss = bench.Step(images, targets).Ledger.Entries.Last().Value.ToSingle();

        // Equal images: their means are the images themselves, and moving centers start at 0, so that a unit vector has the distance 1/2.
        double equal = bench.Step(images.slice(0, 0, 1, 1).expand(4, 3, 16, 16), targets).Ledger.Entries.Last().Value.ToSingle();
        Assert.True(loss > 1e-6);
        if (source == CenterSource.Moving)
        {
            Assert.Equal(0.5, loss, 1e-5);
            return;
        }

        Assert.Equal(0, equal, 1e-6);
        // The fourth image is the center of its class.
        Tensor rows = Rows(ImageNetwork.Pool(bench.Network.Backbone.LastStages(images, 1)[^1]).slice(0, 0, 3, 1));
        Tensor center = Rows(rows.mean([0], keepdim: true));
        Assert.Equal((rows - center).pow(2).sum().ToSingle() / 8, loss, 1e-5);

        Tensor Rows(Tensor embeddings) => normalize ? nn.functional.normalize(embeddings, dim: 1) : embeddings;
    }

    [Fact]
    public void AugMask_PyTorchsWeights_GivesPyTorchsTermsGradientsAndStatistics()
    {
        using StrategyBench bench = new(new AugMask());
        new NetworkGolden("cifar-resnet-8").Weights("weights").CopyTo(bench.Network);

        (LossLedger ledger, _, _) = bench.Step(Golden["augmask/images"], StrategyBench.Targets(Golden.Integers("augmask/labels")));
        ledger.Total().backward();

        Assert.Equal(["criterion", "augmask"], ledger.Entries.Select(entry => entry.Name));
        TensorAssert.CloseValues(
            TensorAssert.Values(Golden["augmask/losses"]),
            [.. ledger.Entries.Select(entry => entry.Value.ToSingle())],
            Tolerance,
            "terms"
        );
        Assert.Equal(Golden.Doubles("augmask/total")[0], ledger.Total().ToSingle(), 1e-5);
        Dictionary<string, Tensor> state = bench.Network.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        Assert.All(
            Golden.Names("augmask/gradient"),
            name => TensorAssert.Close(Golden[$"augmask/gradient/{name}"], state[name].grad!, NetworkGolden.Tolerance, name)
        );
        Assert.All(Golden.Names("augmask/after"), name => TensorAssert.Close(Golden[$"augmask/after/{name}"], state[name], Tolerance, name));
    }

    [Theory]
    [InlineData(7, 0.5, 24)]
    [InlineData(2, 0.25, 1)]
    [InlineData(4, 0.99, 15)]
    public void AugMask_Patches_EachImageLosesThatMany(int grid, double ratio, int masked)
    {
        float[] patches = AugMask.DrawPatches(50, grid, ratio, new RandomStream(1, "test"));

        Assert.All(patches.Chunk(grid * grid), image => Assert.Equal(masked, image.Count(patch => patch == 0)));
        Assert.True(patches.Chunk(grid * grid).Select(image => string.Join("", image)).Distinct().Count() > 1);
    }

    [Fact]
    public void PatchSwap_PairsAndOthers_SwapsPythonsPatches()
    {
        using StrategyBench bench = new(new IntraClassPatchSwap(), classes: 5);
        Batch batch = new(Golden["swap/images"], StrategyBench.Targets(Golden.Integers("swap/labels"), classes: 5));

        Batch swapped = bench.Run.Prepare(batch, new TrainingClock(0, 1, 0, 1));

        TensorAssert.SameBits(Golden["swap/result"], swapped.Images);
        TensorAssert.SameBits(batch.Targets, swapped.Targets);
    }

    [Fact]
    public void PatchSwap_Divergence_IsThatOfBothDirections()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = Golden["swap/logits"].requires_grad_(true);

        Tensor loss = IntraClassPatchSwap.MutualDivergence(logits, StrategyBench.Targets(Golden.Integers("swap/labels"), classes: 5), temperature: 4);
        loss.backward();

        AssertSame("swap/divergence", loss, logits);
    }

    [Fact]
    public void PatchSwap_OneImage_IsUnchangedAndAddsNothing()
    {
        using StrategyBench bench = new(new IntraClassPatchSwap());
        Batch batch = new(randn(1, 3, 16, 16), StrategyBench.Targets([1]));

        Assert.Same(batch, bench.Run.Prepare(batch, new TrainingClock(0, 1, 0, 1)));
        Assert.Single(bench.Step(batch.Images, batch.Targets).Ledger.Entries);
    }

    private static void AssertSame(string name, Tensor loss, Tensor input)
    {
        double expected = Golden.Doubles($"{name}/value")[0];
        Assert.Equal(expected, loss.ToSingle(), Tolerance * expected);
        TensorAssert.Close(Golden[$"{name}/gradient"], input.grad!, Tolerance, name);
    }
}
