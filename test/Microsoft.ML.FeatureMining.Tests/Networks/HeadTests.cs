using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>Compares the heads with the formulas of their papers, written with plain tensor operations.</summary>
public sealed class HeadTests : IClassFixture<SingleThreadFixture>
{
    [Fact]
    public void MultiStage_IsOneLayerOnTheAveragesOfTheLastStageAndTheMaximaOfEach()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make("cifar-resnet-8", new MultiStageHead { Stages = 2 });
        network.eval();
        Dictionary<string, Tensor> state = network.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        float[] middle = HashedTensor.Fill("middle", [2, 32, 6, 5]);
        float[] last = HashedTensor.Fill("last", [2, 64, 3, 2]);

        Tensor embedding = network.Head.Embed([tensor(middle, [2, 32, 6, 5]), tensor(last, [2, 64, 3, 2])]);

        float[][] rows =
        [
            .. from image in Enumerable.Range(0, 2)
            let ofMiddle = middle.Chunk(30).Skip(image * 32).Take(32)
            let ofLast = last.Chunk(6).Skip(image * 64).Take(64)
            select (float[])[.. ofLast.Select(map => map.Average()), .. ofMiddle.Select(map => map.Max()), .. ofLast.Select(map => map.Max())],
        ];
        Tensor expected = tensor([.. rows.SelectMany(row => row)], [2, 64 + 32 + 64]);
        TensorAssert.Close(expected, embedding, 1e-6, "multi-stage");
        Tensor logits = expected.matmul(state["fc.weight"].t()) + state["fc.bias"];
        TensorAssert.Close(logits, network.Head.call(embedding), 1e-5, "multi-stage");
    }

    [Theory]
    [InlineData(4, false, false)]
    [InlineData(4, true, false)]
    [InlineData(2, false, false)]
    [InlineData(8, false, true)]
    public void SplitAndShare_EvalMode_IsTheAverageOverGrowingPartsOfTheChannels(int splits, bool normalizeAll, bool individual)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make(
            "cifar-resnet-8",
            new SplitAndShareHead
            {
                Splits = splits,
                NormalizeAll = normalizeAll,
                IndividualLosses = individual,
            }
        );
        network.eval();
        Dictionary<string, Tensor> state = network.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        Tensor features = tensor(HashedTensor.Fill("features", [3, 64, 4, 4]), [3, 64, 4, 4]);

        HeadOutput output = network.Head.Classify(network.Head.Embed(features));

        Tensor pooled = features.mean(new long[] { 2, 3 });
        Tensor[] each =
        [
            .. Enumerable
                .Range(0, splits)
                .Select(i =>
                {
                    Tensor part = pooled.narrow(1, 0, (i + 1) * 64 / splits);
                    if (normalizeAll || i < splits - 1)
                    {
                        part = (
                            (part - state[$"norm.{i}.running_mean"]) / (state[$"norm.{i}.running_var"] + 1e-5).sqrt() * state[$"norm.{i}.weight"]
                            + state[$"norm.{i}.bias"]
                        ).relu();
                    }

                    return part.matmul(state[$"fc.{i}.weight"].t()) + state[$"fc.{i}.bias"];
                }),
        ];
        TensorAssert.Close(stack(each).mean(new long[] { 0 }), output.Logits, 1e-5, "ssm");
        Tensor[] supervised = individual ? each : [stack(each).mean(new long[] { 0 })];
        Assert.Equal(supervised.Length, output.Supervised.Count);
        Assert.All(supervised.Zip(output.Supervised), pair => TensorAssert.Close(pair.First, pair.Second, 1e-5, "ssm"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void SplitAndShare_OneClassifierOnly_GivesItsLogits(int number)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork whole = Make("cifar-resnet-8", new SplitAndShareHead()),
            one = Make("cifar-resnet-8", new SplitAndShareHead { Only = number });
        NamedTensors weights = NamedTensors.Of(whole);
        one.load_state_dict(whole.state_dict());
        whole.eval();
        one.eval();
        Tensor embedding = tensor(HashedTensor.Fill("pooled", [3, 64]), [3, 64]);

        Tensor expected = ((SplitAndShareHeadModule)whole.Head).Classifiers(embedding).ElementAt(number - 1).Logits;

        Assert.Equal(weights.Tensors.Select(tensor => tensor.Name), NamedTensors.Of(one).Tensors.Select(tensor => tensor.Name));
        TensorAssert.Close(expected, one.Head.call(embedding), 0, "ssm");
        Assert.Throws<ArgumentException>(() => Make("cifar-resnet-8", new SplitAndShareHead { Only = 5 }));
    }

    [Theory]
    [InlineData(false, new[] { 21, 42, 64 })]
    [InlineData(true, new[] { 21, 42, 63 })]
    public void SplitAndShare_ThreeSplitsOf64Channels_CutsAsTheOptionSays(bool equal, int[] channels)
    {
        using ImageNetwork network = Make("cifar-resnet-8", new SplitAndShareHead { Splits = 3, EqualParts = equal });

        Assert.Equal(channels, ((SplitAndShareHeadModule)network.Head).Classifiers(randn(2, 64)).Select(classifier => classifier.Channels));
    }

    [Fact]
    public void Parallel_TwoLayers_AreAveraged()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make("cifar-resnet-8", new ParallelHead());
        Dictionary<string, Tensor> state = network.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        Tensor pooled = tensor(HashedTensor.Fill("pooled", [3, 64]), [3, 64]);

        Tensor expected = pooled.matmul((state["fc.0.weight"] + state["fc.1.weight"]).t() / 2) + (state["fc.0.bias"] + state["fc.1.bias"]) / 2;

        TensorAssert.Close(expected, network.Head.call(pooled), 1e-5, "parallel");
    }

    [Fact]
    public void DualPool_Features_AreTheMeanOfAverageAndMaximum()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor features = tensor(new float[] { 1, 2, 3, 6, -4, 0, 0, 0 }, [1, 2, 2, 2]);

        Assert.Equal([(3 + 6) / 2f, (-1 + 0) / 2f], TensorAssert.Values(DualPool.Of(features)));
    }

    [Fact]
    public void PatchBranch_OnPatches_UsesTheSecondClassifierOverFourByFour()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make("cifar-resnet-8", new VggPatchHead { HiddenUnits = 64 });
        VggPatchHeadModule head = (VggPatchHeadModule)network.Head;
        network.eval();
        Tensor features = tensor(HashedTensor.Fill("features", [2, 64, 4, 4]), [2, 64, 4, 4]);

        Assert.Equal([2, 64 * 49], head.Embed(features).shape);
        float[] whole = TensorAssert.Values(head.call(head.Embed(features)));
        head.OnPatches = true;

        // Pooling a 4x4 map to 4x4 changes nothing.
        TensorAssert.SameBits(features.flatten(1), head.Embed(features));
        Assert.NotEqual(whole, TensorAssert.Values(head.call(head.Embed(features))));
    }

    public static TheoryData<Head, string> Wrong =>
        new()
        {
            {
                new LinearHead { Dropout = 1 },
                "Dropout of linear must be at least 0 and below 1; it is 1."
            },
            {
                new ParallelHead { Layers = 1 },
                "Layers of parallel must be at least 2 and at most 9; it is 1."
            },
            {
                new SplitAndShareHead { Splits = 1 },
                "Splits of ssm must be at least 2 and at most 99; it is 1."
            },
            {
                new SplitAndShareHead { Splits = 65 },
                "Splits of ssm must be at most 64, the number of channels of the last stage of this backbone; it is 65."
            },
            {
                new SplitAndShareHead { Only = 0 },
                "Only of ssm must be at least 1 and at most 99; it is 0."
            },
            {
                new SplitAndShareHead { Only = 5 },
                "Only of ssm must be at most 4, the number of classifiers (Splits); it is 5."
            },
            {
                new VggPatchHead { HiddenUnits = 0 },
                "HiddenUnits of vgg-patches must be at least 1 and at most 99999; it is 0."
            },
        };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Problems_InvalidHead_NameTheCause(Head head, string said) =>
        Assert.Equal(
            [said],
            new TrainingRecipe
            {
                Backbone = "cifar-resnet-8",
                Input = new ImageShape(3, 16, 16),
                Head = head,
            }.Problems()
        );

    [Fact]
    public void Catalog_UnknownKey_ListsKnownKeysAndSuggestsASimilarOne()
    {
        string message = Assert.Throws<ArgumentException>(() => HeadCatalog.Create("liner")).Message;

        Assert.All(["Did you mean 'linear'?", "vgg-patches", "HeadCatalog.Register"], text => Assert.Contains(text, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("resnet-18", "fc.weight")]
    [InlineData("densenet-121", "classifier.weight")]
    [InlineData("efficientnet-b0", "classifier.1.weight")]
    public void LinearHead_OfAFamily_HasPyTorchsName(string backbone, string name)
    {
        using ImageNetwork network = NetworkFactory.Create(backbone, 3, 7);

        Assert.Equal([7, network.Backbone.StageChannels[^1]], network.NamedState().Single(entry => entry.Name == name).Value.shape);
    }

    private static ImageNetwork Make(string backbone, Head head)
    {
        ImageNetwork network = NetworkFactory.Create(backbone, 3, classes: 5, head);
        HashedTensor.Fill(network);
        return network;
    }
}
