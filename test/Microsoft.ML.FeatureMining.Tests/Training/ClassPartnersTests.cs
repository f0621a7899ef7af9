using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Partner images of class-wise self-distillation that are drawn from the whole class.</summary>
public sealed class ClassPartnersTests : IClassFixture<SingleThreadFixture>, IDisposable
{
    private static readonly TrainingRecipe Drawing = TinyRun.Recipe with { Strategies = [new ClassWiseSelfDistillation { Partners = PartnerSource.Class }] };

    // 13 images: classes 0 to 3 have three each, class 4 has one.
    private readonly ImageSet _set = Set([.. Enumerable.Range(0, 13).Select(i => i == 12 ? 4 : i % 4)]);
    private readonly RandomStreams _random = new(3);
    private readonly TrainingComponents _parts;
    private readonly ClassPartners _partners;

    public ClassPartnersTests()
    {
        _parts = new TrainingComponents(Drawing, _set, CPU, _random);
        _partners = new ClassPartners(_set, _parts, Drawing, _random);
    }

    [Fact]
    public void Draw_ManyTimes_IsUniformOverTheClass()
    {
        const int Draws = 6000;
        int[] partners = _partners.Draw([.. Enumerable.Repeat(2L, Draws)], new RandomStream(1, "draws"));

        // Images 2, 6 and 10, each with probability 1/3.
        Assert.Equal([2, 6, 10], partners.Distinct().Order());
        Assert.All(partners.CountBy(image => image), entry => Assert.Equal(1.0 / 3, (double)entry.Value / Draws, 5 * Math.Sqrt(2.0 / 9 / Draws)));
    }

    [Fact]
    public void Draw_Batch_ReturnsImagesOfTheSameClasses()
    {
        int[] partners = _partners.Draw([4, 0, 3, 3, 1, 4], new RandomStream(1, "draws"));

        Assert.Equal([4, 0, 3, 3, 1, 4], partners.Select(image => _set.Labels[image]));
        // The only image of a class is its own partner.
        Assert.Equal((12, 12), (partners[0], partners[^1]));
    }

    [Fact]
    public void Logits_Batch_EqualThoseOfASeparatePass()
    {
        using DisposeScope scope = NewDisposeScope();
        long[] labels = [0, 1, 2, 3, 4];
        _parts.Network.train();

        Tensor logits = _partners.Logits(labels, new RandomStream(5, "draws"), _set.Shape);

        int[] images = _partners.Draw(labels, new RandomStream(5, "draws"));
        Tensor expected = _parts.Network.call(_parts.Input.Of(_set.Read([images]).Single(), [], _random));
        TensorAssert.Close(expected, logits, 1e-6, "logits");
        Assert.True(expected.requires_grad);
        Assert.False(logits.requires_grad);
    }

    [Fact]
    public void Fit_EachImageIsItsOwnPartner_TrainsLikePlainAndUpdatesBatchNormTwice()
    {
        // One step, one class per image, no augmentation: the distillation loss and its gradient are 0, and BatchNorm sees the batch twice.
        ImageSet set = Set([0, 1, 2, 3, 4, 5]);
        TrainingOutcome plain = TinyRun.Fit(Drawing with { Epochs = 1, Strategies = [] }, set);
        TrainingOutcome drawing = TinyRun.Fit(Drawing with { Epochs = 1 }, set);

        using DisposeScope scope = NewDisposeScope();
        foreach (
            (NamedTensor one, NamedTensor other) in plain.Weights.Tensors.Zip(drawing.Weights.Tensors).Where(pair => pair.First.Type == ScalarType.Float32)
        )
        {
            float[] expected = Values(one);
            if (one.Name.EndsWith("running_mean", StringComparison.Ordinal))
            {
                // First update: 0.1 m. Second: 0.9 * 0.1 m + 0.1 m.
                expected = [.. expected.Select(value => value * 1.9f)];
            }
            else if (one.Name.EndsWith("running_var", StringComparison.Ordinal))
            {
                // First update: 0.9 + 0.1 v. Second: 0.9 * (0.9 + 0.1 v) + 0.1 v.
                expected = [.. expected.Select(value => (0.9f * value) + value - 0.9f)];
            }

            TensorAssert.CloseValues(expected, Values(other), 1e-5, one.Name);
        }
    }

    [Fact]
    public void Fit_AllCompatibleStrategies_IsFiniteAndReproducible()
    {
        TrainingRecipe recipe = TinyRun.Recipe with
        {
            Epochs = 1,
            GradientAccumulationSteps = 2,
            Strategies =
            [
                .. StrategyCatalog.Keys.Where(key => key is not ("cs-kd" or "mixup" or "cutmix")).Select(StrategySettings.Create),
                .. Drawing.Strategies,
            ],
        };

        StrategySettings.AssertFinite(TinyRun.Fit(recipe));
        Assert.Equal(TinyRun.Bits(TinyRun.Fit(recipe)), TinyRun.Bits(TinyRun.Fit(recipe)));
    }

    public void Dispose() => _parts.Dispose();

    private static ImageSet Set(int[] labels)
    {
        RandomStream random = new(9, "pixels");
        ImageSetBuilder builder = new(TinyRun.Recipe.Input);
        foreach (int label in labels)
        {
            builder.Add([.. Enumerable.Range(0, TinyRun.Recipe.Input.Length).Select(_ => (byte)random.NextInt(256))], label);
        }

        return builder.Build(labels.Max() + 1);
    }

    private static float[] Values(NamedTensor named) => MemoryMarshal.Cast<byte, float>(named.Bytes).ToArray();
}
