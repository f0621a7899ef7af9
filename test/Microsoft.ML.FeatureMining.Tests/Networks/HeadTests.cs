using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>The heads against their papers' formulas, written out with tensors.</summary>
public sealed class HeadTests : IClassFixture<OneThread>
{
    [Theory]
    [InlineData("ssm", 4, false)]
    [InlineData("ssm-all", 4, true)]
    [InlineData("ssm-2", 2, false)]
    [InlineData("ssm-8-individual", 8, false)]
    public void SplitAndShare_EvalMode_IsTheAverageOverGrowingPartsOfTheChannels(string key, int splits, bool normalizeAll)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make("cifar-resnet-8", key);
        network.eval();
        Dictionary<string, Tensor> state = network.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        Tensor features = tensor(HashedTensor.Fill("features", [3, 64, 4, 4]), [3, 64, 4, 4]);

        HeadOutput output = network.Head.Classify(network.Head.Embed(features));

        Tensor pooled = features.mean(new long[] { 2, 3 });
        Tensor[] each = [.. Enumerable.Range(0, splits).Select(i =>
        {
            Tensor part = pooled.narrow(1, 0, (i + 1) * 64 / splits);
            if (normalizeAll || i < splits - 1)
            {
                part = ((part - state[$"norm.{i}.running_mean"]) / (state[$"norm.{i}.running_var"] + 1e-5).sqrt() * state[$"norm.{i}.weight"] + state[$"norm.{i}.bias"]).relu();
            }

            return part.matmul(state[$"fc.{i}.weight"].t()) + state[$"fc.{i}.bias"];
        })];
        TensorAssert.Close(stack(each).mean(new long[] { 0 }), output.Logits, 1e-5, key);
        Tensor[] supervised = key.EndsWith("individual", StringComparison.Ordinal) ? each : [stack(each).mean(new long[] { 0 })];
        Assert.Equal(supervised.Length, output.Supervised.Count);
        Assert.All(supervised.Zip(output.Supervised), pair => TensorAssert.Close(pair.First, pair.Second, 1e-5, key));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void SplitAndShare_OneClassifierOnly_GivesItsLogits(int number)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork whole = Make("cifar-resnet-8", "ssm"), one = Make("cifar-resnet-8", $"ssm-only-{number}");
        NamedTensors weights = NamedTensors.Of(whole);
        one.load_state_dict(whole.state_dict());
        whole.eval();
        one.eval();
        Tensor embedding = tensor(HashedTensor.Fill("pooled", [3, 64]), [3, 64]);

        Tensor expected = ((SplitAndShareHead)whole.Head).Classifiers(embedding).ElementAt(number - 1).Logits;

        Assert.Equal(weights.Tensors.Select(tensor => tensor.Name), NamedTensors.Of(one).Tensors.Select(tensor => tensor.Name));
        TensorAssert.Close(expected, one.Head.call(embedding), 0, "ssm");
        Assert.Throws<ArgumentException>(() => Make("cifar-resnet-8", "ssm-only-5"));
        Assert.Throws<ArgumentException>(() => Make("cifar-resnet-8", "ssm-only-0"));
    }

    [Fact]
    public void Parallel_TwoLayers_AreAveraged()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make("cifar-resnet-8", "2fc");
        Dictionary<string, Tensor> state = network.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        Tensor pooled = tensor(HashedTensor.Fill("pooled", [3, 64]), [3, 64]);

        Tensor expected = pooled.matmul((state["fc.0.weight"] + state["fc.1.weight"]).t() / 2) + (state["fc.0.bias"] + state["fc.1.bias"]) / 2;

        TensorAssert.Close(expected, network.Head.call(pooled), 1e-5, "2fc");
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
        using ImageNetwork network = Make("cifar-resnet-8", "vgg-patches");
        PatchBranchHead head = (PatchBranchHead)network.Head;
        network.eval();
        Tensor features = tensor(HashedTensor.Fill("features", [2, 64, 4, 4]), [2, 64, 4, 4]);

        Assert.Equal([2, 64 * 49], head.Embed(features).shape);
        float[] whole = TensorAssert.Values(head.call(head.Embed(features)));
        head.OnPatches = true;

        // A map of 4x4 is its own grid.
        TensorAssert.SameBits(features.flatten(1), head.Embed(features));
        Assert.NotEqual(whole, TensorAssert.Values(head.call(head.Embed(features))));
    }

    [Theory]
    [InlineData("linear-dropout-1.5")]
    [InlineData("1fc")]
    [InlineData("ssm-1")]
    [InlineData("ssm-all-individual")]
    [InlineData("")]
    public void Problem_NoSuchHead_SaysWhatThereIs(string key)
    {
        Assert.Contains("ssm[-{splits}]", HeadCatalog.Problem(key), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Make("cifar-resnet-8", key));
    }

    [Fact]
    public void Problem_Keys_HaveNone() => Assert.All(HeadCatalog.Keys, key => Assert.Null(HeadCatalog.Problem(key)));

    [Theory]
    [InlineData("resnet-18", "fc.weight")]
    [InlineData("densenet-121", "classifier.weight")]
    [InlineData("efficientnet-b0", "classifier.1.weight")]
    public void LinearHead_OfAFamily_HasPyTorchsName(string backbone, string name)
    {
        using ImageNetwork network = NetworkFactory.Create(backbone, 3, 7);

        Assert.Equal([7, network.Backbone.StageChannels[^1]], network.NamedState().Single(entry => entry.Name == name).Value.shape);
    }

    private static ImageNetwork Make(string backbone, string head)
    {
        ImageNetwork network = NetworkFactory.Create(backbone, 3, classes: 5, head);
        HashedTensor.Fill(network);
        return network;
    }
}
