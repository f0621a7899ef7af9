using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Tests.Networks;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>
/// Requirements for every backbone in the catalog. New entries are tested automatically. The largest of a family are only created and run once; a smaller one
/// of the same family, or the same with the stem for small images, goes through all tests.
/// </summary>
[Collection(nameof(SerialTests))]
public sealed class BackboneConformanceTests : IClassFixture<SingleThreadFixture>
{
    private const int Classes = 5;

    private static readonly string[] Largest =
    [
        "cifar-resnet-164",
        "cifar-resnet-164-bottleneck",
        "cifar-resnet-164-bottleneck-preact",
        "wrn-28-10",
        "pyramidnet-110-a270",
        "pyramidnet-164-a270-bottleneck",
        "densenet-100-12",
        "resnet-34",
        "resnet-50",
        "resnet-101",
        "resnet-152",
        "resnext-101-32x4d",
        "resnext-101-32x8d",
        "resnest-101",
        "resnest-200",
        "sk-resnext-50-32x4d-no-blur",
        "dsk-resnext-101-32x4d",
        "vgg-16",
        "vgg-16-bn",
        "efficientnet-b3",
        "efficientnet-b5",
        "efficientnet-b6",
    ];

    private static readonly string[] SmallSubstitutes =
    [
        "wrn-10-2-dropout-0.3",
        "pyramidnet-14-a10",
        "pyramidnet-11-a9-bottleneck",
        "densenet-16-12",
        "vgg-16-cifar-stem",
        "vgg-16-bn-cifar-stem",
        "resnet-18-cifar-stem",
        "densenet-121-cifar-stem",
        "resnest-14",
        "efficientnet-b0-cifar-stem",
        "sk-resnext-50-32x4d-depthwise-cifar-stem",
    ];

    public static TheoryData<string> Keys { get; } = [.. BackboneCatalog.Keys.Except(Largest).Concat(SmallSubstitutes)];

    public static TheoryData<string> LargestKeys { get; } = [.. Largest];

    [Fact]
    public void LargestBackbones_AreInTheCatalog() => Assert.Empty(Largest.Except(BackboneCatalog.Keys));

    [Theory]
    [MemberData(nameof(LargestKeys))]
    public void LargestBackbones_OneImage_GiveFiniteLogits(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = NetworkFactory.Create(key, 3, Classes);
        network.eval();

        Tensor logits = network.call(Images(3, Sides(key).Side));

        Assert.Equal([2, Classes], logits.shape);
        Assert.All(TensorAssert.Values(logits), value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Stages_ChannelsAndSizes_AreAsDeclared(string key)
    {
        (int side, int other) = Sides(key);
        foreach ((int channels, int size) in new[] { (1, side), (3, other) })
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
            TensorAssert.SameBits(logits, network.Head.call(network.Head.Embed(features)));
            TensorAssert.SameBits(logits, network.Head.Classify(network.Head.Embed(features)).Logits);
            Assert.All(TensorAssert.Values(logits), value => Assert.True(float.IsFinite(value)));
            Assert.ThrowsAny<ArgumentException>(() => network.Backbone.Stage(network.Backbone.StageChannels.Count, features));
            Assert.Equal(network.Backbone.StageChannels, BackboneCatalog.Facts(key, 3).StageChannels);
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Forward_EvalMode_IsDeterministicAndIndependentPerImage(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make(key, channels: 3);
        network.eval();
        Tensor images = Images(channels: 3, Sides(key).Side);

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
        RandomLayer.SetStream(network, new RandomStream(1, "network"));
        network.train();
        // In evaluation mode, because a bias before BatchNorm has no effect in training mode.
        foreach (nn.Module norm in network.modules().Where(layer => layer is BatchNorm))
        {
            norm.eval();
        }

        NamedTensors before = NamedTensors.Of(network);
        using optim.Optimizer optimizer = optim.SGD(network.parameters(), 100);
        for (int pass = 0; pass < StepCount(key); pass++)
        {
            using DisposeScope inner = NewDisposeScope();
            nn.functional.cross_entropy(network.call(Images(channels: 3, Sides(key).Side)), tensor(new long[] { 0, 1 })).backward();
        }

        optimizer.step();
        Assert.All(
            before.Tensors.Zip(NamedTensors.Of(network).Tensors).Where(pair => !IsBuffer(pair.First.Name)),
            pair => Assert.False(pair.First.Bytes.AsSpan().SequenceEqual(pair.Second.Bytes), $"{pair.First.Name} did not change.")
        );
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Forward_TrainMode_UpdatesEveryRunningStatistic(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make(key, channels: 3);
        RandomLayer.SetStream(network, new RandomStream(1, "network"));
        network.train();
        NamedTensors before = NamedTensors.Of(network);

        for (int pass = 0; pass < StepCount(key); pass++)
        {
            network.call(Images(channels: 3, Sides(key).Side)).Dispose();
        }

        Assert.All(
            before.Tensors.Zip(NamedTensors.Of(network).Tensors),
            pair => Assert.Equal(!IsBuffer(pair.First.Name), pair.First.Bytes.AsSpan().SequenceEqual(pair.Second.Bytes))
        );
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Weights_SavedAndLoaded_GiveTheSameLogits(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork first = Make(key, channels: 1);
        using ImageNetwork second = NetworkFactory.Create(key, 1, Classes);
        using MemoryStream file = new();
        Safetensors.Write(NamedTensors.Of(first), file);
        file.Position = 0;

        Safetensors.Read(file).CopyTo(second);

        first.eval();
        second.eval();
        Tensor images = Images(channels: 1, Sides(key).Side);
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
        using ImageNetwork folded = NetworkFactory.CreateForScoring(key, 3, Classes, NamedTensors.Of(plain), CPU);
        plain.eval();
        Tensor images = Images(channels: 3, Sides(key).Side);

        TensorAssert.Close(plain.call(images), folded.call(ChannelsLast.Of(images)), 1e-4, key);
        Assert.DoesNotContain(folded.parameters(), parameter => parameter.requires_grad);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Forward_BFloat16_IsCloseToSinglePrecision(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make(key, channels: 3);
        network.eval();
        Tensor images = Images(channels: 3, Sides(key).Side);
        Tensor single = network.call(images);

        network.to(ScalarType.BFloat16);

        // bfloat16 has eight bits of mantissa, and the network has a hundred layers.
        TensorAssert.Close(single, network.call(images.to(ScalarType.BFloat16)), 0.05, key);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void BFloat16Backbone_GradientsAreCloseToSinglePrecision(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork network = Make(key, channels: 3);
        using FlatParameters flat = new([.. network.Backbone.parameters()]);
        using BFloat16Backbone half = new(network.Backbone, NetworkFactory.CreateBackbone(key, 3, seed: 0), flat);
        half.Update();
        network.eval();
        half.eval();
        Tensor images = Images(channels: 3, Sides(key).Side);
        network.Backbone.call(images).square().mean().backward();
        Tensor expected = flat.Gradients.clone();
        flat.ZeroGradients();

        Tensor features = half.call(images);
        features.to(ScalarType.Float32).square().mean().backward();
        flat.CollectGradients();

        Assert.Equal(ScalarType.BFloat16, features.dtype);
        TensorAssert.Close(network.Backbone.call(images), features, 0.05, "features");
        // Rounding to eight bits in each of 110 layers, forward and backward; a layer that is missing or scaled wrongly would be an error of about 1.
        TensorAssert.Close(expected, flat.Gradients, 0.2, "gradients");
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void BFloat16Backbone_TrainMode_UpdatesTheStatisticsOfTheSource(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make(key, channels: 3);
        using FlatParameters flat = new([.. network.Backbone.parameters()]);
        using BFloat16Backbone half = new(network.Backbone, NetworkFactory.CreateBackbone(key, 3, seed: 0), flat);
        RandomLayer.SetStream(half, new RandomStream(1, "network"));
        half.Update();
        half.train();
        NamedTensors before = NamedTensors.Of(network);

        for (int pass = 0; pass < StepCount(key); pass++)
        {
            half.call(Images(channels: 3, Sides(key).Side)).Dispose();
        }

        HashSet<string> ofHead = [.. network.Head.state_dict().Keys];
        Assert.All(
            before.Tensors.Zip(NamedTensors.Of(network).Tensors).Where(pair => !ofHead.Contains(pair.First.Name)),
            pair => Assert.Equal(!IsBuffer(pair.First.Name), pair.First.Bytes.AsSpan().SequenceEqual(pair.Second.Bytes))
        );
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Dispose_AfterUse_LeavesNoTensor(string key)
    {
        UseOnce(key);

        SerialTests.AssertLeavesNoTensors(() => UseOnce(key), making: () => Make(key, channels: 3).Dispose());
    }

    private static void UseOnce(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork network = Make(key, channels: 3);
        network.train();
        network.call(Images(channels: 3, Sides(key).Side)).sum().backward();
    }

    private static ImageNetwork Make(string key, int channels)
    {
        ImageNetwork network = NetworkFactory.Create(key, channels, Classes);
        HashedTensor.Fill(network);
        return network;
    }

    /// <summary>Two image sizes that the network accepts. Networks for large images have a total stride of 32.</summary>
    internal static (int Side, int Other) Sides(string key)
    {
        bool large =
            BackboneCatalog.Facts(key, 3).StageChannels.Count > 3
            && (!key.EndsWith("-cifar-stem", StringComparison.Ordinal) || key.StartsWith("vgg", StringComparison.Ordinal));
        return large ? (32, 40) : (16, 20);
    }

    // Dual blocks compute one random branch per step.
    private static int StepCount(string key) => key.StartsWith("d-", StringComparison.Ordinal) || key.StartsWith("dsk-", StringComparison.Ordinal) ? 12 : 1;

    private static bool IsBuffer(string name) =>
        name.Contains(".running_", StringComparison.Ordinal) || name.EndsWith("num_batches_tracked", StringComparison.Ordinal);

    private static Tensor Images(int channels, int size)
    {
        RandomStream random = new(1, "images");
        return tensor(Enumerable.Range(0, 2 * channels * size * size).Select(_ => (float)random.NextGaussian()).ToArray(), [2, channels, size, size]);
    }
}
