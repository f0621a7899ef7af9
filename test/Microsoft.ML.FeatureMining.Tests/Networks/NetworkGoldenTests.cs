using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>Compares the networks with PyTorch's, with the same weights and the same batch.</summary>
public sealed class NetworkGoldenTests : IClassFixture<SingleThreadFixture>
{
    private static readonly CrossEntropyLoss Loss = new() { LabelSmoothing = 0.1 };

    [Theory]
    [InlineData("cifar-resnet-8")]
    [InlineData("cifar-resnet-11-bottleneck")]
    public void Forward_PyTorchsWeights_GivesPyTorchsLogits(string backbone)
    {
        using DisposeScope scope = NewDisposeScope();
        NetworkGolden golden = new(backbone);
        using ImageNetwork network = Load(backbone, golden);
        using (IDisposable noGrad = no_grad())
        {
            network.eval();
            golden.AssertMatches("logits.eval", network.call(golden.Tensor("images")));
        }

        network.train();
        golden.AssertMatches("logits.train", network.call(golden.Tensor("images")));
    }

    [Theory]
    [InlineData("cifar-resnet-8")]
    [InlineData("cifar-resnet-11-bottleneck")]
    public void Backward_PyTorchsWeights_GivesPyTorchsGradients(string backbone)
    {
        using DisposeScope scope = NewDisposeScope();
        NetworkGolden golden = new(backbone);
        using ImageNetwork network = Load(backbone, golden);
        network.train();

        Loss.Compute(network.call(golden.Tensor("images")), Targets(golden)).backward();

        Dictionary<string, Tensor> parameters = network.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        string[] names = [.. golden.Names("gradient")];
        Assert.Equal(network.parameters().Count(), names.Length);
        Assert.All(names, name => golden.AssertMatches($"gradient/{name}", parameters[name].grad!));
    }

    [Theory]
    [InlineData("cifar-resnet-8")]
    [InlineData("cifar-resnet-11-bottleneck")]
    public void Optimizer_ThreeSteps_GivesPyTorchsParametersAndBuffers(string backbone)
    {
        using DisposeScope scope = NewDisposeScope();
        NetworkGolden golden = new(backbone);
        TrainingRecipe recipe = new()
        {
            Backbone = backbone,
            Input = new ImageShape(3, 16, 16),
            LearningRate = 0.1,
            Optimizer = new SgdOptimizer { Momentum = 0.9, Nesterov = true },
            WeightDecay = 1e-4,
        };
        using TrainingComponents parts = new(recipe, TinyData.Random(recipe.Input, count: 10, classes: 10), CPU, new RandomStreams(0));
        golden.Weights("weights").CopyTo(parts.Network);
        parts.Network.train();

        List<float> losses = [];
        for (int step = 0; step < 3; step++)
        {
            Tensor loss = Loss.Compute(parts.Network.call(golden.Tensor("images")), Targets(golden));
            parts.Optimizer.Flat.ZeroGradients();
            loss.backward();
            parts.Optimizer.Step(recipe.LearningRate);
            losses.Add(loss.ToSingle());
        }

        TensorAssert.CloseValues(golden.Floats("losses"), losses, NetworkGolden.Tolerance, "losses");
        (string Name, Tensor Value)[] state = [.. parts.Network.NamedState()];
        Assert.Equal(golden.Names("after").Order(), state.Select(entry => entry.Name).Order());
        Assert.All(state, entry => golden.AssertMatches($"after/{entry.Name}", entry.Value));
    }

    private static ImageNetwork Load(string backbone, NetworkGolden golden)
    {
        ImageNetwork network = NetworkFactory.Create(backbone, inputChannels: 3, classes: 10);
        golden.Weights("weights").CopyTo(network);
        return network;
    }

    private static Tensor Targets(NetworkGolden golden) => nn.functional.one_hot(tensor(golden.Integers("labels")), 10).to(ScalarType.Float32);
}
