using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Gradient clipping, gradient accumulation and EMA; with any of these settings, a run resumes bit-identically and leaks nothing.</summary>
[Collection(nameof(SerialTests))]
public sealed class StepSettingsTests : IClassFixture<SingleThreadFixture>
{
    private static readonly GoldenTensors Golden = new("optimizers", "optimizers.safetensors");

    private static readonly Dictionary<string, TrainingRecipe> Recipes = new()
    {
        ["clipped"] = TinyRun.Recipe with { ClipGradientNorm = 0.1 },
        ["accumulated"] = TinyRun.Recipe with { BatchSize = 4, GradientAccumulationSteps = 2 },
        ["bfloat16"] = TinyRun.Recipe with { Precision = Precision.BFloat16 },
        ["averaged"] = TinyRun.Recipe with { EmaDecay = 0.9 },
        ["frozen"] = TinyRun.Recipe with { FineTuning = new FineTuning { FrozenStages = 2 } },
        ["frozen BatchNorm"] = TinyRun.Recipe with { FineTuning = new FineTuning { FreezeBatchNorm = true } },
        ["groups"] = TinyRun.Recipe with
        {
            NoDecayOnNormAndBias = true,
            FineTuning = new FineTuning { BackboneLearningRateFactor = 0.1 },
        },
        ["all"] = TinyRun.Recipe with
        {
            Precision = Precision.BFloat16,
            ClipGradientNorm = 1,
            BatchSize = 4,
            GradientAccumulationSteps = 2,
            EmaDecay = 0.9,
            NoDecayOnNormAndBias = true,
            FineTuning = new FineTuning { FrozenStages = 1, BackboneLearningRateFactor = 0.5 },
            Optimizer = new RmsPropTfOptimizer(),
            Strategies = [new Microsoft.ML.FeatureMining.Strategies.FeatureMining()],
        },
    };

    public static TheoryData<string> Names { get; } = [.. Recipes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Fit_StoppedWithinAnEpoch_ResumesBitIdentically(string name) => Interruption.AssertResumesBitIdentically(Recipes[name]);

    [Theory]
    [MemberData(nameof(Names))]
    public void Fit_Twice_IsBitIdenticalAndLeaksNothing(string name)
    {
        TrainingOutcome first = TinyRun.Fit(Recipes[name]);
        TrainingOutcome? second = null;

        SerialTests.AssertLeavesNoTensors(() => second = TinyRun.Fit(Recipes[name]), making: () => TinyRun.MakeParts(Recipes[name]));

        Assert.Equal(TinyRun.Bits(first), TinyRun.Bits(second!));
        Assert.NotEqual(TinyRun.Bits(TinyRun.Fit(TinyRun.Recipe)), TinyRun.Bits(first));
    }

    [Theory]
    [InlineData("0.5")]
    [InlineData("2.0")]
    [InlineData("100.0")]
    public void Clip_AnyNorm_MatchesPyTorch(string maxNorm)
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter kernel = nn.Parameter(Golden["kernel"]),
            bias = nn.Parameter(Golden["bias"]);
        using FlatParameters flat = new([kernel, bias]);
        ((kernel * Golden["kernel/gradient/0"]).sum() + (bias * Golden["bias/gradient/0"]).sum()).backward();

        GradientClipping.Clip(flat, double.Parse(maxNorm, System.Globalization.CultureInfo.InvariantCulture));

        TensorAssert.Close(Golden[$"clip/{maxNorm}/kernel"], kernel.grad!, 1e-7, "kernel");
        TensorAssert.Close(Golden[$"clip/{maxNorm}/bias"], bias.grad!, 1e-7, "bias");
    }

    [Fact]
    public void Fit_ClipFarAboveTheGradients_HasNoEffect() =>
        Assert.Equal(TinyRun.Bits(TinyRun.Fit(TinyRun.Recipe)), TinyRun.Bits(TinyRun.Fit(TinyRun.Recipe with { ClipGradientNorm = 1e6 })));

    [Theory]
    [InlineData(2, 4)]
    [InlineData(4, 2)]
    [InlineData(3, 3)]
    public void Fit_GradientAccumulation_EqualsOneLargeBatch(int batch, int batches)
    {
        // With frozen BatchNorm, images are independent: the mean of the pieces' gradients is the gradient of the whole batch.
        TrainingRecipe whole = TinyRun.Recipe with
        {
            FineTuning = new FineTuning { FreezeBatchNorm = true },
            BatchSize = batch * batches,
        };
        List<TrainingProgress> reports = [];

        TrainingOutcome one = TinyRun.Fit(whole);
        TrainingOutcome many = TinyRun.Fit(whole with { BatchSize = batch, GradientAccumulationSteps = batches }, progress: reports.Add);

        Assert.Equal(3, reports[0].StepsPerEpoch);
        Assert.All(
            one.Weights.Tensors.Zip(many.Weights.Tensors),
            pair => TensorAssert.CloseValues(Floats(pair.First), Floats(pair.Second), 1e-4, pair.First.Name)
        );
        Assert.Equal(one.History[^1].TrainLoss, many.History[^1].TrainLoss, 1e-4);
    }

    [Fact]
    public void Fit_GradientAccumulation_NormalizesEachBatchSeparately() =>
        Assert.NotEqual(
            TinyRun.Bits(TinyRun.Fit(TinyRun.Recipe with { BatchSize = 8 })),
            TinyRun.Bits(TinyRun.Fit(TinyRun.Recipe with { BatchSize = 4, GradientAccumulationSteps = 2 }))
        );

    [Fact]
    public void Update_Ema_AveragesWeightsAndStatisticsAndCopiesCounters()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork source = NetworkFactory.Create("cifar-resnet-8", 1, 2);
        using WeightAverage<ImageNetwork> average = new(source, NetworkFactory.Create("cifar-resnet-8", 1, 2), 0.75);
        float[][] expected = [.. source.NamedState().Select(entry => TensorAssert.Values(entry.Value))];
        Assert.All(average.Network.NamedState().Zip(expected), pair => Assert.Equal(pair.Second, TensorAssert.Values(pair.First.Value)));

        for (int step = 1; step <= 3; step++)
        {
            foreach ((_, Tensor value) in source.NamedState())
            {
                value.add_(step);
            }

            average.Update();
            expected =
            [
                .. expected.Zip(
                    source.NamedState(),
                    (mean, now) =>
                        is_floating_point(now.Value.dtype)
                            ? mean.Zip(TensorAssert.Values(now.Value), (a, w) => (0.75f * a) + (0.25f * w)).ToArray()
                            : TensorAssert.Values(now.Value)
                ),
            ];
        }

        Assert.All(
            average.Network.NamedState().Zip(expected),
            pair => TensorAssert.CloseValues(pair.Second, TensorAssert.Values(pair.First.Value), 1e-6, pair.First.Name)
        );
    }

    [Fact]
    public void Fit_Ema_IsValidatedAndBecomesTheModel()
    {
        ImageSet train = TinyData.Bands(20),
            validation = TinyData.Random(new ImageShape(1, 8, 8), count: 12, classes: 2, seed: 4);
        TrainingRecipe recipe = TinyRun.Recipe with { KeepWeights = KeepWeights.Last, EmaDecay = 0.9 };

        TrainingOutcome outcome = TinyRun.Fit(recipe, train, validation);

        // Validates the returned weights: a second run from them that practically does not change them.
        TrainingOutcome again = TrainingEngine.Fit(
            recipe with
            {
                LearningRate = 1e-30,
                EmaDecay = null,
                FineTuning = new FineTuning { FreezeBatchNorm = true },
                Epochs = 1,
            },
            train,
            validation,
            new TrainingHost(CPU) { LoadWeights = outcome.Weights.CopyTo }
        );
        Assert.Equal(again.History[^1].ValidationLoss!.Value, outcome.History[^1].ValidationLoss!.Value, 1e-6);
        Assert.NotEqual(
            TinyRun.Fit(recipe with { EmaDecay = null }, train, validation).History[^1].ValidationLoss!.Value,
            outcome.History[^1].ValidationLoss!.Value,
            1e-4
        );
        // The EMA does not affect the training itself.
        Assert.Equal(TinyRun.Fit(recipe with { EmaDecay = null }, train, validation).History[^1].TrainLoss, outcome.History[^1].TrainLoss);
    }

    [Fact]
    public void Problems_InvalidValues_AreAllListed()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { ClipGradientNorm = 0, EmaDecay = 1, GradientAccumulationSteps = 0 };

        Assert.Equal(["GradientAccumulationSteps", "ClipGradientNorm", "EmaDecay"], recipe.Problems().Select(problem => problem.Split(' ')[0]));
        Assert.Contains(
            "16777216",
            Assert.Single((recipe with { ClipGradientNorm = null, EmaDecay = 0.5, BatchSize = 1 << 20, GradientAccumulationSteps = 4096 }).Problems())
        );
    }

    private static float[] Floats(NamedTensor tensor) =>
        tensor.Type == ScalarType.Float32
            ? System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.Bytes).ToArray()
            : [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(tensor.Bytes).ToArray().Select(value => (float)value)];
}
