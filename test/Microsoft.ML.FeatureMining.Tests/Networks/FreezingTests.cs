using Microsoft.ML.FeatureMining.Networks;
using TorchSharp.Modules;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>Freezing stages and BatchNorm of a backbone.</summary>
public sealed class FreezingTests : IClassFixture<SingleThreadFixture>
{
    [Theory]
    [InlineData("cifar-resnet-8", "conv1,bn1,layer1")]
    [InlineData("resnet-18", "conv1,bn1,layer1")]
    [InlineData("wrn-10-1", "conv1,layer1")]
    [InlineData("pyramidnet-14-a10", "conv1,bn1,layer1")]
    [InlineData("densenet-bc-22-12", "features.conv0,features.denseblock1")]
    [InlineData("efficientnet-b0", "features.0,features.1")]
    [InlineData("vgg-16-cifar-stem", "features.0,features.2")]
    public void Freeze_OneStage_FreezesTheStemAndThatStage(string key, string frozen)
    {
        using ImageNetwork network = NetworkFactory.Create(key, 3, 5);
        string[] prefixes = [.. frozen.Split(',').Select(name => name + ".")];

        network.Backbone.Freeze(1);

        Assert.All(
            network.Backbone.named_parameters(),
            entry => Assert.Equal(!prefixes.Any(prefix => entry.name.StartsWith(prefix, StringComparison.Ordinal)), entry.parameter.requires_grad)
        );
        Assert.All(network.Head.parameters(), parameter => Assert.True(parameter.requires_grad));
    }

    [Theory]
    [InlineData("resnet-18")]
    [InlineData("densenet-121")]
    [InlineData("vgg-16-cifar-stem")]
    public void Freeze_AllStages_FreezesEveryParameterOfTheBackbone(string key)
    {
        using ImageNetwork network = NetworkFactory.Create(key, 3, 5);

        network.Backbone.Freeze(network.Backbone.StageChannels.Count);

        Assert.DoesNotContain(network.Backbone.parameters(), parameter => parameter.requires_grad);
        Assert.Throws<ArgumentOutOfRangeException>(() => network.Backbone.Freeze(network.Backbone.StageChannels.Count + 1));
    }

    [Fact]
    public void FreezeBatchNorm_OfATrainingNetwork_LastsUntilTheNextTrainCall()
    {
        using ImageNetwork network = NetworkFactory.Create("cifar-resnet-8", 3, 5);
        network.train();

        network.Backbone.FreezeBatchNorm();

        Assert.DoesNotContain(network.Backbone.modules(), module => module is BatchNorm && module.training);
        network.train();
        Assert.DoesNotContain(network.Backbone.modules(), module => module is BatchNorm && !module.training);
    }
}
