using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using PublicApi.Tests.Own;

namespace PublicApi.Tests;

/// <summary>Registering user-defined parts in catalogs.</summary>
public sealed class RegistrationTests : IClassFixture<OwnPartsFixture>
{
    [Fact]
    public void Keys_RegisteredParts_AreListed()
    {
        Assert.Contains("plain-net", BackboneCatalog.Keys);
        Assert.Contains("cosine", HeadCatalog.Keys);
        Assert.Contains("pepper", AugmentationCatalog.Keys);
        Assert.Contains("generalized-cross-entropy", LossCatalog.Keys);
        Assert.Contains("triangle", ScheduleCatalog.Keys);
        Assert.Contains("lion", OptimizerCatalog.Keys);
        Assert.Contains("deep-twins", StrategyCatalog.Keys);
    }

    [Fact]
    public void Create_RegisteredKey_ReturnsANewPartEachTime()
    {
        Assert.NotSame(LossCatalog.Create("generalized-cross-entropy"), LossCatalog.Create("generalized-cross-entropy"));
        using Backbone backbone = BackboneCatalog.Create("plain-net", 1);
        Assert.IsType<PlainNet>(backbone);
        using Backbone known = BackboneCatalog.Create("cifar-resnet-8", 3);
        Assert.Equal([16, 32, 64], known.StageChannels);
    }

    public static TheoryData<string, Action> Taken =>
        new()
        {
            { "plain-net", () => BackboneCatalog.Register("plain-net", channels => new PlainNet(channels)) },
            { "resnet-18", () => BackboneCatalog.Register("resnet-18", channels => new PlainNet(channels)) },
            { "cosine", () => HeadCatalog.Register(() => new CosineHead()) },
            { "ssm", () => HeadCatalog.Register(() => new SplitAndShareHead()) },
            { "pepper", () => AugmentationCatalog.Register(() => new Pepper()) },
            { "cutout", () => AugmentationCatalog.Register(() => new Cutout()) },
            { "generalized-cross-entropy", () => LossCatalog.Register(() => new GeneralizedCrossEntropy()) },
            { "triangle", () => ScheduleCatalog.Register(() => new TriangleSchedule()) },
            { "lion", () => OptimizerCatalog.Register(() => new Lion()) },
            { "deep-twins", () => StrategyCatalog.Register(() => new DeepTwins()) },
        };

    [Theory]
    [MemberData(nameof(Taken))]
    public void Register_ExistingKey_Throws(string key, Action register) =>
        Assert.Contains($"'{key}'", Assert.Throws<ArgumentException>(register).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("my net")]
    [InlineData("net:18")]
    [InlineData("a,b")]
    [InlineData("a=b")]
    public void Register_InvalidKey_Throws(string key)
    {
        Assert.Throws<ArgumentException>(() => BackboneCatalog.Register(key, channels => new PlainNet(channels)));
        Assert.Throws<ArgumentException>(() => HeadCatalog.Register(() => new NamedHead { Name = key }));
    }

    [Fact]
    public void Register_FromManyThreads_OneSucceedsAndTheOthersThrow()
    {
        int rejected = 0;

        Parallel.For(
            0,
            16,
            i =>
            {
                try
                {
                    HeadCatalog.Register(() => new NamedHead { Name = "contested" });
                }
                catch (ArgumentException)
                {
                    Interlocked.Increment(ref rejected);
                }

                HeadCatalog.Register(() => new NamedHead { Name = $"thread-{i}" });
            }
        );

        Assert.Equal(15, rejected);
        Assert.Equal(16, HeadCatalog.Keys.Count(key => key.StartsWith("thread-", StringComparison.Ordinal)));
    }

    private sealed record NamedHead : Head
    {
        public string Name { get; init; } = "named";

        public override string Key => Name;

        protected override HeadModule Create(Backbone backbone, int classes) => new CosineModule(backbone.StageChannels[^1], classes, 1);
    }
}
