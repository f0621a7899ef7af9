using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Class weights and balanced sampling.</summary>
public sealed class ClassBalanceTests : IClassFixture<SingleThreadFixture>
{
    // 16 images of class 0, 3 of class 1, 1 of class 2.
    private static readonly int[] Labels =
    [
        .. Enumerable
            .Range(0, 20)
            .Select(i =>
                i < 16 ? 0
                : i < 19 ? 1
                : 2
            ),
    ];

    private static readonly TrainingRecipe Balanced = TinyRun.Recipe with { Sampling = Sampling.Balanced };

    [Fact]
    public void Weights_Balanced_AreScikitLearns()
    {
        // compute_class_weight("balanced"): n / (K n_k).
        AssertClose([20.0 / 48, 20.0 / 9, 20.0 / 3], ClassBalance.Weights(ClassWeighting.Balanced, 0, [16, 3, 1]));
    }

    [Fact]
    public void Weights_EffectiveNumber_IsTheEquation()
    {
        // E = 1 + b + ... + b^(n-1): for b = 0.5 and n = 1, 2, 3 it is 1, 1.5, 1.75.
        double[] inverse = [1, 1 / 1.5, 1 / 1.75];

        AssertClose([.. inverse.Select(value => value * 3 / inverse.Sum())], ClassBalance.Weights(ClassWeighting.EffectiveNumber, 0.5, [1, 2, 3]));
    }

    [Fact]
    public void Weights_EffectiveNumberAtItsLimits_AreEqualOrProportionalToBalanced()
    {
        AssertClose([1, 1, 1], ClassBalance.Weights(ClassWeighting.EffectiveNumber, 0, [16, 3, 1]));

        double[] near = ClassBalance.Weights(ClassWeighting.EffectiveNumber, 1 - 1e-9, [16, 3, 1]);
        double[] balanced = ClassBalance.Weights(ClassWeighting.Balanced, 0, [16, 3, 1]);
        AssertClose([.. balanced.Select(weight => weight / balanced[0])], [.. near.Select(weight => weight / near[0])], 1e-5);
    }

    [Theory]
    [InlineData(ClassWeighting.Balanced)]
    [InlineData(ClassWeighting.EffectiveNumber)]
    public void Weights_ClassWithoutImages_IsOne(ClassWeighting weighting) => Assert.Equal(1, ClassBalance.Weights(weighting, 0.9, [16, 0, 1])[1]);

    [Fact]
    public void Fit_ClassWeighting_IsTheRunWithTheseWeights()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { Loss = new CrossEntropyLoss { LabelSmoothing = 0.1 } };
        string plain = TinyRun.Bits(TinyRun.Fit(recipe, Set()));

        TrainingOutcome computed = TinyRun.Fit(recipe with { ClassWeighting = ClassWeighting.Balanced }, Set());
        double[] weights = [20.0 / 48, 20.0 / 9, 20.0 / 3];
        TrainingOutcome given = TinyRun.Fit(
            recipe with
            {
                Loss = new CrossEntropyLoss { LabelSmoothing = 0.1, ClassWeights = weights },
            },
            Set()
        );

        Assert.Equal(TinyRun.Bits(given), TinyRun.Bits(computed));
        Assert.NotEqual(plain, TinyRun.Bits(computed));
        // For the manifest.
        AssertClose(weights, [.. ((CrossEntropyLoss)computed.Recipe.Loss).ClassWeights!]);
    }

    [Fact]
    public void DrawBalanced_ManyEpochs_DrawsEachClassEquallyOften()
    {
        RandomStream random = new(1, "balanced-sampling");
        int[] counts = new int[20];
        const int Epochs = 600;
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            int[] order = Set().DrawBalanced(random);
            Assert.Equal(20, order.Length);
            Array.ForEach(order, image => counts[image]++);
        }

        double draws = 20.0 * Epochs;
        foreach (int[] images in new int[][] { [.. Enumerable.Range(0, 16)], [16, 17, 18], [19] })
        {
            // Five standard deviations of a binomial distribution.
            Assert.Equal(1.0 / 3, images.Sum(image => counts[image]) / draws, 5 * Math.Sqrt(2.0 / 9 / draws));
            Assert.All(images, image => Assert.Equal(1.0 / 3 / images.Length, counts[image] / draws, 5 * Math.Sqrt(1.0 / 3 / images.Length / draws)));
        }
    }

    [Fact]
    public void DrawBalanced_Epoch_RepeatsAnImageOnlyAfterItsClass()
    {
        int[] order = Set().DrawBalanced(new RandomStream(1, "balanced-sampling"));

        foreach (int label in new[] { 0, 1, 2 })
        {
            int[] ofClass = [.. order.Where(image => Labels[image] == label)];
            int size = Labels.Count(other => other == label);
            Assert.All(ofClass.Chunk(size), chunk => Assert.Equal(chunk.Length, chunk.Distinct().Count()));
        }
    }

    [Fact]
    public void Fit_BalancedSampling_ChangesTheRunReproducibly()
    {
        string bits = TinyRun.Bits(TinyRun.Fit(Balanced, Set()));

        Assert.Equal(bits, TinyRun.Bits(TinyRun.Fit(Balanced, Set())));
        Assert.NotEqual(bits, TinyRun.Bits(TinyRun.Fit(TinyRun.Recipe, Set())));
    }

    [Fact]
    public void Fit_BalancedSampling_DoesNotChangeTheOtherStreams()
    {
        // With one class per image and classes of one size, only the order differs: the numbers of the augmentation are the same.
        MemoryStore shuffled = new(),
            balanced = new();
        TinyRun.Fit(TinyRun.Recipe with { Augmentations = [new PadCropFlip()] }, checkpoints: shuffled);
        TinyRun.Fit(Balanced with { Augmentations = [new PadCropFlip()] }, checkpoints: balanced);

        Assert.Equal(shuffled.Load(_ => { })!.Position.Streams["pad-crop-flip"], balanced.Load(_ => { })!.Position.Streams["pad-crop-flip"]);
        Assert.Contains("balanced-sampling", balanced.Load(_ => { })!.Position.Streams.Keys);
        Assert.DoesNotContain("balanced-sampling", shuffled.Load(_ => { })!.Position.Streams.Keys);
    }

    [Fact]
    public void Fit_BalancedSamplingStoppedAndResumed_IsBitIdentical() => Interruption.AssertResumesBitIdentically(Balanced);

    [Fact]
    public void Fit_BalancedSamplingWithPairsOfAClass_Trains() =>
        Assert.Equal(TrainingEnd.Completed, TinyRun.Fit(Balanced with { Strategies = [new ClassWiseSelfDistillation()] }, Set()).End);

    [Fact]
    public void Fit_ClassWeightingWithAnotherLoss_IsRejected() =>
        AssertRejected("ClassWeighting needs the loss 'cross-entropy'; the loss is 'focal'", Weighted with { Loss = new FocalLoss() });

    [Fact]
    public void Fit_ClassWeightingAndClassWeights_IsRejected() =>
        AssertRejected("set only one of them", Weighted with { Loss = new CrossEntropyLoss { ClassWeights = [1, 2, 3] } });

    [Fact]
    public void Fit_ClassWeightingAndBalancedSampling_IsRejected() => AssertRejected("set only one of them", Weighted with { Sampling = Sampling.Balanced });

    [Fact]
    public void Fit_WrongNumberOfClassWeights_IsRejectedBeforeTheFirstStep() =>
        AssertRejected("2 weights for 3 classes", TinyRun.Recipe with { Loss = new CrossEntropyLoss { ClassWeights = [1, 2] } });

    [Fact]
    public void Fit_BalancedSamplingOfSetsOfClasses_IsRejected()
    {
        MemoryPixels pixels = new(64);
        pixels.Add(new byte[64]);
        pixels.Add(new byte[64]);
        ImageSet sets = new(
            pixels,
            new ImageShape(1, 8, 8),
            PixelType.Byte,
            2,
            [0, 1],
            labelSets:
            [
                [1, 0],
                [1, 1],
            ]
        );

        AssertRejected("one class per image", Balanced with { Loss = new BinaryCrossEntropyLoss() }, sets);
    }

    [Fact]
    public void Fit_EffectiveNumberBetaOfOne_IsRejected() =>
        AssertRejected("EffectiveNumberBeta must be at least 0 and below 1", Weighted with { EffectiveNumberBeta = 1 });

    [Fact]
    public void Regression_ImportanceOfTwo_IsTheImageTwice()
    {
        using DisposeScope scope = NewDisposeScope();
        GoldenTensors golden = new("optimizers", "logistic.safetensors");
        Tensor features = golden["features"].to(ScalarType.Float32),
            targets = golden["one/targets"].to(ScalarType.Float32);
        int count = (int)features.shape[0];
        // The first ten images count three times.
        Tensor importance = tensor(Enumerable.Range(0, count).Select(i => i < 10 ? 3f : 1f).ToArray(), [count, 1]);
        long[] repeated = [.. Enumerable.Range(0, count).SelectMany(i => Enumerable.Repeat((long)i, i < 10 ? 3 : 1))];
        LogisticRegression weighted = new(features, targets, areSets: false, importance);
        LogisticRegression twice = new(features.index_select(0, tensor(repeated)), targets.index_select(0, tensor(repeated)), areSets: false);

        // 1/N sum s_n loss + penalty/2 |W|^2 is M/N (1/M sum loss + (penalty N/M)/2 |W|^2) with M repeated images.
        Tensor actual = weighted.Fit(0.1, weighted.Zeros());
        Tensor expected = twice.Fit(0.1 * count / repeated.Length, twice.Zeros());

        TensorAssert.Close(expected, actual, 5e-3, "weights");
        Assert.Equal(twice.Loss(actual).ToSingle() * repeated.Length / count, weighted.Loss(actual).ToSingle(), 1e-5f);
    }

    [Theory]
    [InlineData(ClassWeighting.Balanced, Sampling.Shuffled)]
    [InlineData(ClassWeighting.None, Sampling.Balanced)]
    public void Fit_FittedHead_UsesTheBalance(ClassWeighting weighting, Sampling sampling)
    {
        TrainingRecipe head = TinyRun.Recipe with
        {
            Epochs = 0,
            FineTuning = new FineTuning { FitHead = true },
        };

        string plain = TinyRun.Bits(TinyRun.Fit(head, Set()));
        string balanced = TinyRun.Bits(TinyRun.Fit(head with { ClassWeighting = weighting, Sampling = sampling }, Set()));
        TrainingRecipe given = head with { Loss = new CrossEntropyLoss { ClassWeights = [20.0 / 48, 20.0 / 9, 20.0 / 3] } };

        Assert.NotEqual(plain, balanced);
        Assert.Equal(TinyRun.Bits(TinyRun.Fit(given, Set())), balanced);
    }

    private static TrainingRecipe Weighted => TinyRun.Recipe with { ClassWeighting = ClassWeighting.Balanced };

    private static ImageSet Set()
    {
        RandomStream random = new(1, "pixels");
        ImageSetBuilder builder = new(new ImageShape(1, 8, 8));
        foreach (int label in Labels)
        {
            builder.Add([.. Enumerable.Range(0, 64).Select(_ => (byte)random.NextInt(256))], label);
        }

        return builder.Build(3);
    }

    private static void AssertRejected(string text, TrainingRecipe recipe, ImageSet? train = null) =>
        Assert.Contains(
            text,
            Assert.Throws<ArgumentException>(() => TinyRun.Fit(recipe, train ?? Set(), progress: _ => Assert.Fail("A step was run."))).Message
        );

    private static void AssertClose(IReadOnlyList<double> expected, IReadOnlyList<double> actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.Count, actual.Count);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
