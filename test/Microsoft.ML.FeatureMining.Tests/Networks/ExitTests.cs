using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>Networks that predict with the exits of BeYourOwnTeacher.</summary>
public sealed class ExitTests : IClassFixture<SingleThreadFixture>
{
    private static readonly StageStride[] Halves = [new(2, 2), new(2, 2)];

    private static readonly TrainingRecipe Recipe = TinyRun.Recipe with
    {
        KeepWeights = KeepWeights.Last,
        Strategies = [new BeYourOwnTeacher { EnsembleExits = true }],
    };

    [Fact]
    public void Forward_WithExits_IsTheMeanOfAllLogits()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork network = Seeded(Halves);
        Tensor images = rand(2, 3, 16, 16);
        network.eval();

        Tensor first = network.Backbone.Stage(0, network.Backbone.Stem(images)),
            second = network.Backbone.Stage(1, first),
            third = network.Backbone.Stage(2, second);
        Tensor[] logits =
        [
            network.Exits[0].call(network.Exits[0].Embed(first)),
            network.Exits[1].call(network.Exits[1].Embed(second)),
            network.Head.call(network.Head.Embed(third)),
        ];

        TensorAssert.Close((logits[0] + logits[1] + logits[2]) / 3, network.call(images), 1e-6, "logits");
        Assert.Equal([2, 5], logits[0].shape);
        Assert.Equal(network.Head.Embed(third).shape, network.Exits[0].Embed(first).shape);
    }

    [Fact]
    public void NamedState_WithExits_HasThemLast()
    {
        using ImageNetwork plain = Seeded(null),
            network = Seeded(Halves);

        string[] names = [.. network.NamedState().Select(entry => entry.Name)];

        Assert.Equal(plain.NamedState().Select(entry => entry.Name), names.Where(name => !name.StartsWith("exits.", StringComparison.Ordinal)));
        Assert.Equal(
            ["exits.1.adapter.0.weight", "exits.1.adapter.1.weight", "exits.1.adapter.1.bias"],
            names.Where(name => name.StartsWith("exits.1.adapter", StringComparison.Ordinal)).Take(3)
        );
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void AddExits_WrongNumber_IsRejected(int count) =>
        Assert.Throws<InvalidDataException>(() => Seeded([.. Enumerable.Repeat(new StageStride(2, 2), count)]));

    [Theory]
    [InlineData(null)]
    [InlineData(0.8)]
    public void Fit_EnsembleExits_IsValidatedAndSavedWithThem(double? average)
    {
        ImageSet train = TinyData.Bands(20),
            validation = TinyData.Random(new ImageShape(1, 8, 8), count: 12, classes: 2, seed: 4);

        TrainingOutcome outcome = TinyRun.Fit(Recipe with { EmaDecay = average }, train, validation);

        Assert.Equal(Halves, outcome.Exits!);
        using ImageScorer scorer = new(SavedModelOf(outcome), CPU);
        byte[] pixels = [.. Enumerable.Range(0, validation.Count).SelectMany(i => validation[i].ToArray())];
        float[] scores = new float[validation.Count * 2];
        scorer.Score(pixels, validation.Count, scores);
        double loss = scores.Chunk(2).Zip(validation.Labels).Average(pair => -Math.Log(pair.First[pair.Second]));
        Assert.Equal(loss, outcome.History[^1].ValidationLoss!.Value, 1e-4);
    }

    [Fact]
    public void Fit_ExitsThatPredict_ChangeTheModelAndNotTheTraining()
    {
        TrainingOutcome kept = TinyRun.Fit(Recipe),
            thrown = TinyRun.Fit(Recipe with { Strategies = [new BeYourOwnTeacher()] });

        NamedTensors trunk = kept.Weights.Where(name => !name.StartsWith("exits.", StringComparison.Ordinal));
        Assert.Null(thrown.Exits);
        Assert.Equal(TinyRun.Bits(thrown), TinyRun.Bits(trunk));
        Assert.Equal(thrown.History.Select(epoch => epoch.TrainLoss), kept.History.Select(epoch => epoch.TrainLoss));
        Assert.True(kept.Weights.Tensors.Count > trunk.Tensors.Count);
    }

    [Fact]
    public void Manifest_WithExits_RoundTrips_AndInvalidOnesAreRejected()
    {
        ModelManifest manifest = SavedModelOf(TinyRun.Fit(Recipe with { Epochs = 1 })).Manifest;

        Assert.Equal(Halves, ModelManifest.FromJson(manifest.ToJson()).Exits!);
        Assert.Throws<InvalidDataException>(() => ModelManifest.FromJson((manifest with { Exits = [new StageStride(0, 2), new StageStride(2, 2)] }).ToJson()));
        Assert.Throws<InvalidDataException>(() =>
            ModelManifest.FromJson((manifest with { Exits = [new StageStride(2, 1_000_000), new StageStride(2, 2)] }).ToJson())
        );
    }

    [Fact]
    public void WeightBudget_OfALargeNetwork_CountsItsExits()
    {
        ModelManifest manifest = SavedModelOf(TinyRun.Fit(Recipe with { Epochs = 1 })).Manifest with
        {
            Backbone = "resnet-50",
            Exits = [new(2, 2), new(2, 2), new(2, 2)],
        };
        long bytes;
        using (ImageNetwork network = NetworkFactory.Create("resnet-50", 1, 2, exits: manifest.Exits))
        {
            bytes = network.NamedState().Sum(entry => entry.Value.numel() * entry.Value.element_size());
        }

        SafetensorsEntry[] declared = [new("all of it", ScalarType.Byte, [bytes], 0, bytes)];

        WeightBudget.Check(manifest, declared);
        Assert.Throws<InvalidDataException>(() => WeightBudget.Check(manifest with { Exits = null }, declared));
    }

    private static SavedModel SavedModelOf(TrainingOutcome outcome) =>
        new(
            new ModelManifest
            {
                Backbone = outcome.Recipe.Backbone,
                Exits = outcome.Exits,
                ClassCount = 2,
                Preprocessing = new ImagePreprocessing { Shape = outcome.Recipe.Input },
                Mean = outcome.Pixels.Mean,
                Std = outcome.Pixels.Std,
            },
            outcome.Weights
        );

    private static ImageNetwork Seeded(IReadOnlyList<StageStride>? exits)
    {
        ImageNetwork network = NetworkFactory.Create("cifar-resnet-8", 3, 5, exits: exits);
        WeightInitializer.Initialize(network, new RandomStream(1, "weights"));
        return network;
    }
}
