using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Requirements for every head in the catalog, on a small backbone and on one with another last stage.</summary>
[Collection(nameof(SerialTests))]
public sealed class HeadConformanceTests : IClassFixture<SingleThreadFixture>
{
    private const int Classes = 5;

    public static TheoryData<string, string> Keys { get; } =
        Product(["cifar-resnet-8", "pyramidnet-11-a9-bottleneck"], [.. HeadCatalog.Keys, .. HeadSettings.Others]);

    [Theory]
    [MemberData(nameof(Keys))]
    public void Classify_AnyFeatures_GivesLogits(string backbone, string head)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = Make(backbone, head);
        network.eval();

        HeadOutput output = network.Head.Classify(network.Head.Embed(network.Backbone.LastStages(Images(), network.Head.Stages)));

        Assert.Equal([2, Classes], output.Logits.shape);
        Assert.NotEmpty(output.Supervised);
        Assert.All(output.Supervised, logits => Assert.Equal([2, Classes], logits.shape));
        TensorAssert.SameBits(output.Logits, network.call(Images()));
        // The output is always the average of the supervised logits.
        TensorAssert.Close(output.Logits, stack(output.Supervised).mean(new long[] { 0 }), 1e-6, head);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Step_OnSupervisedLogits_ChangesEveryParameter(string backbone, string head)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork network = Make(backbone, head);
        RandomLayer.SetStream(network, new RandomStream(1, "network"));
        network.train();
        foreach (nn.Module norm in network.modules().Where(layer => layer is BatchNorm))
        {
            norm.eval();
        }

        // The second branch is trained on patches.
        NamedTensors before = NamedTensors.Of(network);
        using optim.Optimizer optimizer = optim.SGD(network.parameters(), 100);
        foreach (bool patches in new[] { false, true })
        {
            if (network.Head is VggPatchHeadModule branches)
            {
                branches.OnPatches = patches;
            }

            HeadOutput output = network.Head.Classify(network.Head.Embed(network.Backbone.LastStages(Images(), network.Head.Stages)));
            output
                .Supervised.Select(logits => nn.functional.cross_entropy(logits, tensor(new long[] { 0, 1 })))
                .Aggregate((one, other) => one + other)
                .backward();
        }

        optimizer.step();
        Assert.All(
            before
                .Tensors.Zip(NamedTensors.Of(network).Tensors)
                .Where(pair => pair.First.Type == ScalarType.Float32 && !pair.First.Name.Contains(".running_", StringComparison.Ordinal)),
            pair => Assert.False(pair.First.Bytes.AsSpan().SequenceEqual(pair.Second.Bytes), $"{pair.First.Name} did not change.")
        );
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Folded_ForScoring_GivesTheSameLogits(string backbone, string head)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork plain = Make(backbone, head);
        using ImageNetwork folded = NetworkFactory.CreateForScoring(backbone, 3, Classes, NamedTensors.Of(plain), CPU, HeadSettings.Create(head));
        plain.eval();

        TensorAssert.Close(plain.call(Images()), folded.call(ChannelsLast.Of(Images())), 1e-4, head);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Dispose_AfterUse_LeavesNoTensor(string backbone, string head)
    {
        UseOnce();

        SerialTests.AssertLeavesNoTensors(UseOnce, making: () => Make(backbone, head).Dispose());

        void UseOnce()
        {
            using DisposeScope scope = NewDisposeScope();
            using ImageNetwork network = Make(backbone, head);
            network.train();
            HeadOutput output = network.Head.Classify(network.Head.Embed(network.Backbone.LastStages(Images(), network.Head.Stages)));
            output.Supervised[0].sum().backward();
        }
    }

    private static ImageNetwork Make(string backbone, string head)
    {
        ImageNetwork network = NetworkFactory.Create(backbone, 3, Classes, HeadSettings.Create(head));
        HashedTensor.Fill(network);
        return network;
    }

    private static Tensor Images() => tensor(HashedTensor.Fill("images", [2, 3, 16, 16]), [2, 3, 16, 16]).mul_(16);

    private static TheoryData<string, string> Product(string[] backbones, string[] heads)
    {
        TheoryData<string, string> all = [];
        foreach (string backbone in backbones)
        {
            foreach (string head in heads)
            {
                // The layers of VGG with 4096 units are slow, so they are tested only once.
                if (!head.StartsWith("vgg", StringComparison.Ordinal) || backbone == backbones[0])
                {
                    all.Add(backbone, head);
                }
            }
        }

        return all;
    }
}
