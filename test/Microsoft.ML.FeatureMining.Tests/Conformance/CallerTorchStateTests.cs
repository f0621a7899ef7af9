using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Tests.Models;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>No part in any catalog depends on torch's default dtype, device or generator, or on the caller's grad or inference mode.</summary>
[Collection(nameof(SerialTests))]
public sealed class CallerTorchStateTests : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Plain = TinyRun.Recipe with { Epochs = 1 };

    private static readonly Dictionary<string, TrainingRecipe> Recipes = new[]
    {
        StrategyCatalog.Keys.Select(key => ($"strategy {key}", Plain with { Strategies = [StrategySettings.Create(key)] })),
        AugmentationCatalog.Keys.Select(key => ($"augmentation {key}", Plain with { Augmentations = [AugmentationCatalog.Create(key)] })),
        // An augmentation that works on tensors only makes the augmentations after it use tensors too.
        AugmentationCatalog.Keys.Select(key =>
            ($"augmentation {key} on the device", Plain with { Augmentations = [AugmentationCatalog.Create("rotation"), AugmentationCatalog.Create(key)] })
        ),
        LossCatalog.Keys.Select(key => ($"loss {key}", Plain with { Loss = LossCatalog.Create(key) })),
        OptimizerCatalog.Keys.Select(key => ($"optimizer {key}", Plain with { Optimizer = OptimizerCatalog.Create(key) })),
        // Training the default layers of vgg-patches takes seconds.
        HeadCatalog
            .Keys.Concat(HeadSettings.Others)
            .Where(key => key != "vgg-patches")
            .Select(key => ($"head {key}", Plain with { Head = HeadSettings.Create(key) })),
        [
            ("average and clipping", Plain with { EmaDecay = 0.9, ClipGradientNorm = 0.1, GradientAccumulationSteps = 2 }),
            ("dropout", Plain with { Backbone = "wrn-10-1-dropout-0.3" }),
            ("stochastic depth", Plain with { Backbone = "efficientnet-b0-cifar-stem" }),
        ],
    }.SelectMany(recipes => recipes).ToDictionary();

    public static TheoryData<string> Names { get; } = [.. Recipes.Keys];

    /// <summary>One backbone per family, because all of a family have the same layers.</summary>
    public static TheoryData<string> Backbones { get; } =
    [
        "cifar-resnet-8-preact",
        "wrn-10-1-dropout-0.3",
        "pyramidnet-11-a9-bottleneck",
        "densenet-bc-16-12",
        "densenet-121-cifar-stem",
        "resnet-18",
        "resnext-14-2x8d-cifar-stem",
        "resnest-14-cifar-stem",
        "d-resnext-14-2x8d-cifar-stem",
        "dsk-resnext-14-2x8d-cifar-stem",
        "vgg-11-bn-cifar-stem",
        "efficientnet-b0-cifar-stem",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Fit_WithCallerTorchState_IsBitIdenticalAndRestoresIt(string name)
    {
        string plain = TinyRun.Bits(TinyRun.Fit(Recipes[name], validation: TinyData.Bands(8)));
        using CallerTorchState state = new("all");

        Assert.Equal(plain, TinyRun.Bits(TinyRun.Fit(Recipes[name], validation: TinyData.Bands(8))));

        state.Assert();
    }

    [Theory]
    [MemberData(nameof(Backbones))]
    public void ScoreAndExplain_WithCallerTorchState_AreBitIdenticalAndRestoreIt(string backbone)
    {
        SavedModel saved = TinySavedModel.Make(backbone, channels: 3, size: 32);
        string plain = ScoreAndExplain(saved);
        using CallerTorchState state = new("all");

        Assert.Equal(plain, ScoreAndExplain(saved));

        state.Assert();
    }

    [Fact]
    public void LoadWeights_WithCallerTorchState_IsBitIdenticalAndRestoresIt()
    {
        SavedModel saved = TinySavedModel.Make(channels: 1, classes: 2);
        using TemporaryFolder folder = new();
        saved.SaveFolder(folder.Path);
        TrainingRecipe recipe = Plain with { InitialWeights = Path.Combine(folder.Path, SavedModel.WeightsFile) };
        string plain = Fit();
        using CallerTorchState state = new("all");

        Assert.Equal(plain, Fit());

        state.Assert();

        string Fit() =>
            TinyRun.Bits(
                TrainingEngine.Fit(
                    recipe,
                    TinyData.Bands(20),
                    null,
                    new TrainingHost(CPU) { LoadWeights = network => WeightLoader.Load(WeightSource.Find(recipe.InitialWeights), network, recipe.Backbone) }
                )
            );
    }

    [Fact]
    public void Networks_MadeOnManyThreads_AreTheSameAndRestoreTheState()
    {
        string[] made = new string[16];
        using CallerTorchState state = new("all");

        Parallel.For(
            0,
            made.Length,
            i =>
            {
                using ImageNetwork network = NetworkFactory.Create("cifar-resnet-8", 3, 5, seed: 1);
                made[i] = TinyRun.Bits(NamedTensors.Of(network));
            }
        );

        // The initial weights of the layers.
        Assert.Single(made.Distinct());
        state.Assert();
    }

    private static string ScoreAndExplain(SavedModel saved)
    {
        byte[] pixels = TinyData.Random(new ImageShape(3, 32, 32), 1, 1)[0].ToArray();
        using ImageScorer scorer = new(saved, CPU);
        float[] scores = new float[scorer.ClassCount];
        scorer.Score(pixels, 1, scores);
        using NetworkExplainer explainer = new(saved, CPU);
        IEnumerable<float> maps = explainer.Explain(pixels, target: null).StageMaps.SelectMany(map => map.Values);
        return Convert.ToHexString(MemoryMarshal.AsBytes<float>([.. scores, .. maps]))
            + string.Join(' ', explainer.Activations([pixels]).Select(stage => stage.Mean));
    }
}
