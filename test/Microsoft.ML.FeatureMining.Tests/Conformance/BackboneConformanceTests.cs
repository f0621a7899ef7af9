using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>What every backbone of the catalog must do; a new entry is tested from the day that it is there.</summary>
[Collection(nameof(Alone))]
public sealed class BackboneConformanceTests : IClassFixture<OneThread>
{
    private const int Classes = 5;

    public static TheoryData<string> Keys { get; } = [.. BackboneCatalog.Keys];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Stages_ChannelsAndSizes_AreAsDeclared(string key)
    {
        foreach ((int channels, int size) in new[] { (1, 16), (3, 16), (3, 20) })
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable noGrad = no_grad();
            using ImageNetwork network = Make(key, channels);
            network.eval();
            Tensor images = Images(channels, size);

            Tensor features = network.Backbone.Stem(images);
            for (int stage = 0; stage < network.Backbone.StageChannels.Count; stage++)
            {
                features = network.Backbone.Stage(stage, features);
                Assert.Equal([2, network.Backbone.StageChannels[stage]], features.shape[..2]);
                Assert.True(features.shape[2] >= 1 && features.shape[3] >= 1);
            }

            Tensor logits = network.call(images);
            Assert.Equal([2, Classes], logits.shape);
            TensorAssert.SameBits(features, network.Backbone.call(images));
            TensorAssert.SameBits(logits, network.Head.call(ImageNetwork.Pool(features)));
            Assert.All(TensorAssert.Values(logits), value => Assert.True(float.IsFinite(value)));
            Assert.ThrowsAny<ArgumentException>(() => network.Backbone.Stage(network.Backbone.StageChannels.Count, features));
            Assert.Equal(network.Backbone.StageChannels.Count, BackboneCatalog.StageCount(key));
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Forward_EvalMode_IsDeterministicAndSeesImagesOneByOne(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make(key, channels: 3);
        network.eval();
        Tensor images = Images(channels: 3, size: 16);

        Tensor logits = network.call(images);

        TensorAssert.SameBits(logits, network.call(images));
        Assert.True(network.call(images.narrow(0, 0, 1)).allclose(logits.narrow(0, 0, 1), 1e-4, 1e-5));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Step_OfTraining_ChangesEveryParameter(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork network = Make(key, channels: 3);
        network.train();
        NamedTensors before = NamedTensors.Of(network);
        using optim.Optimizer optimizer = optim.SGD(network.parameters(), 0.1);

        nn.functional.cross_entropy(network.call(Images(channels: 3, size: 16)), tensor(new long[] { 0, 1 })).backward();
        optimizer.step();

        // The running count of batches is no parameter, but a training step moves it too.
        Assert.All(before.Tensors.Zip(NamedTensors.Of(network).Tensors), pair =>
            Assert.False(pair.First.Bytes.AsSpan().SequenceEqual(pair.Second.Bytes), $"{pair.First.Name} did not change."));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Weights_SavedAndLoaded_GiveTheSameLogits(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork first = Make(key, channels: 1);
        using ImageNetwork second = Make(key, channels: 1, seed: 2);
        using MemoryStream file = new();
        Safetensors.Write(NamedTensors.Of(first), file);
        file.Position = 0;

        Safetensors.Read(file).CopyTo(second);

        first.eval();
        second.eval();
        Tensor images = Images(channels: 1, size: 12);
        TensorAssert.SameBits(first.call(images), second.call(images));
        Assert.Equal(TinyRun.Bits(NamedTensors.Of(first)), TinyRun.Bits(NamedTensors.Of(second)));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Folded_ForScoring_GivesTheSameLogits(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork plain = Make(key, channels: 3);
        using ImageNetwork folded = NetworkFactory.CreateForScoring(key, 3, Classes, NamedTensors.Of(plain).CopyTo, CPU);
        plain.eval();
        Tensor images = Images(channels: 3, size: 16);

        TensorAssert.Close(plain.call(images), folded.call(ChannelsLast.Of(images)), 1e-4, key);
        Assert.DoesNotContain(folded.parameters(), parameter => parameter.requires_grad);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Dispose_AfterUse_LeavesNoTensor(string key)
    {
        UseOnce(key);

        Alone.AssertLeavesNothing(() => UseOnce(key), making: () => Make(key, channels: 3).Dispose());
    }

    private static void UseOnce(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork network = Make(key, channels: 3);
        network.train();
        network.call(Images(channels: 3, size: 8)).sum().backward();
    }

    private static ImageNetwork Make(string key, int channels, long seed = 1)
    {
        ImageNetwork network = NetworkFactory.Create(key, channels, Classes);
        WeightInitializer.Initialize(network, new RandomStream(seed, "weights"));
        return network;
    }

    private static Tensor Images(int channels, int size)
    {
        RandomStream random = new(1, "images");
        return tensor(Enumerable.Range(0, 2 * channels * size * size).Select(_ => (float)random.NextGaussian()).ToArray(), [2, channels, size, size]);
    }
}
