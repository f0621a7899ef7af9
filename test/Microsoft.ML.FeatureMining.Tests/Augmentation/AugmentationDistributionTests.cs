using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Augmentation;

/// <summary>
/// Compares the draws of the augmentations with independently computed distributions: means within five standard errors, counts by a chi-square test.
/// </summary>
public sealed class AugmentationDistributionTests : IClassFixture<SingleThreadFixture>
{
    private const int Draws = 40_000;

    // Mean and std of top, left, height and width; test/Goldens/make_augmentation.py simulates torchvision's distribution.
    [Theory]
    [InlineData(32, 32, new[] { 9.2243, 6.6502, 9.1929, 6.644, 13.558, 6.2045, 13.616, 6.2209 })]
    [InlineData(20, 33, new[] { 4.9805, 3.9428, 10.904, 7.2263, 10.046, 4.1028, 11.185, 5.1899 })]
    public void RandomErasing_Boxes_FollowTorchvisionsDistribution(int height, int width, double[] moments)
    {
        RandomStream random = new(1, "random-erasing");

        AssertMoments(moments, [.. Enumerable.Range(0, Draws).Select(_ => new RandomErasing().Draw(height, width, random))]);
    }

    [Theory]
    [InlineData(32, 32, new[] { 5.1575, 4.8202, 5.1549, 4.821, 21.687, 6.1611, 21.686, 6.1608 })]
    [InlineData(20, 33, new[] { 2.5482, 2.75, 8.7169, 5.9402, 14.905, 3.6974, 15.562, 4.6017 })]
    public void RandomResizedCrop_Boxes_FollowTorchvisionsDistribution(int height, int width, double[] moments)
    {
        RandomStream random = new(1, "random-resized-crop");

        AssertMoments(moments, [.. Enumerable.Range(0, Draws).Select(_ => new RandomResizedCrop().Draw(height, width, random))]);
    }

    [Theory]
    [InlineData(4, 40, 0.9, 1.1)]
    [InlineData(40, 4, 0.9, 1.1)]
    public void RandomResizedCrop_NothingFits_TakesTheLargestCentralBox(int height, int width, double minAspect, double maxAspect)
    {
        PixelBox box = new RandomResizedCrop
        {
            MinArea = 1,
            MinAspect = minAspect,
            MaxAspect = maxAspect,
        }.Draw(height, width, new RandomStream(1, "test"));

        Assert.Equal(new PixelBox((height - 4) / 2, (width - 4) / 2, 4, 4), box);
    }

    [Fact]
    public void Cutout_ErasedFraction_IsTheExactMean()
    {
        RandomStream random = new(1, "cutout");
        Cutout cutout = new() { Size = 16 };
        // Along one axis of 32, the mean length over all centers: 16 if nothing is clipped, less near the edges.
        double length = Enumerable.Range(0, 32).Average(center => Math.Min(center + 8, 32) - Math.Max(center - 8, 0));

        double mean = Enumerable.Range(0, Draws).Average(_ => cutout.Draw(32, 32, random) is var box ? box.Height * box.Width : 0.0);

        // An area is within [64, 256], so its std is at most 96.
        Assert.Equal(length * length, mean, 5 * 96 / Math.Sqrt(Draws));
    }

    [Theory]
    [InlineData(0.6)]
    [InlineData(0.3)]
    public void GridMask_ErasedFraction_IsTheExactMean(double kept)
    {
        using DisposeScope scope = NewDisposeScope();
        GridMask mask = new()
        {
            Probability = 0.5,
            KeepRatio = kept,
            MinUnit = 0.25,
            MaxUnit = 0.5,
            Fill = ErasedFill.Black,
        };
        // Any pixel of a line is within a square with probability side / unit, for any length of the line, because the offset is uniform.
        double share = Enumerable.Range(6, 7).Average(unit => Math.Pow((unit - (int)(kept * unit + 0.5)) / (double)unit, 2));

        Tensor result = mask.Apply(full([4000, 1, 24, 30], 9, ScalarType.Byte), new RandomStream(1, "grid-mask"));

        Tensor shares = result.eq(0).to(ScalarType.Float32).mean(new long[] { 1, 2, 3 });
        Assert.Equal(0.5 * share, shares.mean().ToSingle(), 5 * shares.std().ToSingle() / Math.Sqrt(4000));
        Assert.Equal(0.5, shares.eq(0).to(ScalarType.Float32).mean().ToSingle(), 5 * 0.5 / Math.Sqrt(4000));
    }

    [Fact]
    public void GridMask_MaskedPixels_RepeatWithTheUnit()
    {
        using DisposeScope scope = NewDisposeScope();
        GridMask mask = new()
        {
            Probability = 1,
            KeepRatio = 0.5,
            MinUnit = 0.25,
            MaxUnit = 0.25,
            Fill = ErasedFill.Black,
        };

        bool[] erased = mask.Apply(ones([50, 1, 24, 24], ScalarType.Byte), new RandomStream(1, "grid-mask")).eq(0).data<bool>().ToArray();

        Assert.All(
            erased.Chunk(24 * 24),
            image =>
            {
                Assert.Equal(24 * 24 / 4, image.Count(pixel => pixel));
                Assert.All(Enumerable.Range(0, 18 * 24), i => Assert.Equal(image[i], image[i + 6 * 24]));
                Assert.All(Enumerable.Range(0, 24 * 24).Where(i => i % 24 < 18), i => Assert.Equal(image[i], image[i + 6]));
            }
        );
    }

    [Fact]
    public void RandAugment_OperationsAndSigns_AreUniform()
    {
        RandomStream random = new(1, "rand-augment");
        ImageOperationStep[] steps = [.. Enumerable.Range(0, Draws).Select(_ => new RandAugment().Draw(32, 32, random))];

        Dictionary<ImageOperation, int> counts = steps.CountBy(step => step.Operation).ToDictionary();
        Assert.Equal(14, counts.Count);
        Assert.DoesNotContain(ImageOperation.Invert, counts.Keys);
        double expected = Draws / 14.0;
        // Chi square with 13 degrees of freedom: its 99.99 % quantile is 43.
        Assert.InRange(counts.Values.Sum(count => (count - expected) * (count - expected) / expected), 1, 43);
        ImageOperationStep[] signed = [.. steps.Where(step => ImageOperations.IsSigned(step.Operation))];
        Assert.Equal(0.5, signed.Average(step => step.Magnitude < 0 ? 1.0 : 0.0), 5 * 0.5 / Math.Sqrt(signed.Length));
        Assert.All(steps.Where(step => !ImageOperations.IsSigned(step.Operation)), step => Assert.True(step.Magnitude >= 0));
    }

    [Fact]
    public void TrivialAugment_OperationsMagnitudesAndSigns_AreUniform()
    {
        RandomStream random = new(1, "trivial-augment");
        ImageOperationStep[] steps = [.. Enumerable.Range(0, Draws).Select(_ => new TrivialAugment().Draw(random))];

        Dictionary<ImageOperation, int> counts = steps.CountBy(step => step.Operation).ToDictionary();
        Assert.Equal(14, counts.Count);
        Assert.DoesNotContain(ImageOperation.Invert, counts.Keys);
        AssertUniform([.. counts.Values], 43);
        ImageOperationStep[] signed = [.. steps.Where(step => ImageOperations.IsSigned(step.Operation))];
        ImageOperationStep[] moved = [.. signed.Where(step => step.Magnitude != 0)];
        Assert.Equal(0.5, moved.Average(step => step.Magnitude < 0 ? 1.0 : 0.0), 5 * 0.5 / Math.Sqrt(moved.Length));
        Assert.All(steps.Where(step => !ImageOperations.IsSigned(step.Operation)), step => Assert.True(step.Magnitude >= 0));
        // All 31 magnitudes of a shear, and the seven of posterize, whose first and last cover half as many levels.
        int[] shears =
        [
            .. signed.Where(step => step.Operation == ImageOperation.ShearX).CountBy(step => Math.Round(Math.Abs(step.Magnitude), 3)).Select(c => c.Value),
        ];
        Assert.Equal(31, shears.Length);
        // Chi square with 30 degrees of freedom: its 99.99 % quantile is 68.
        AssertUniform(shears, 68);
        Assert.Equal([2, 3, 4, 5, 6, 7, 8], steps.Where(step => step.Operation == ImageOperation.Posterize).Select(step => step.Magnitude).Distinct().Order());

        static void AssertUniform(int[] counts, double quantile)
        {
            double expected = counts.Average();
            Assert.InRange(counts.Sum(count => (count - expected) * (count - expected) / expected), 0.5, quantile);
        }
    }

    [Theory]
    [InlineData(AutoAugmentPolicy.Cifar10)]
    [InlineData(AutoAugmentPolicy.ImageNet)]
    public void AutoAugment_Operations_HaveThePolicysFrequencies(AutoAugmentPolicy policy)
    {
        RandomStream random = new(1, "auto-augment");
        (ImageOperationStep First, ImageOperationStep Second)[] pairs =
        [
            .. Enumerable.Range(0, Draws).Select(_ => new AutoAugment { Policy = policy }.Draw(32, 32, random)),
        ];

        Dictionary<ImageOperation, int> counts = pairs.SelectMany(pair => new[] { pair.First, pair.Second }).CountBy(step => step.Operation).ToDictionary();
        foreach (ImageOperation operation in Enum.GetValues<ImageOperation>().Where(operation => operation != ImageOperation.Identity))
        {
            double[] probabilities =
            [
                .. AutoAugmentTables
                    .Of(policy)
                    .SelectMany(pair => new[] { (pair.First, pair.FirstProbability), (pair.Second, pair.SecondProbability) })
                    .Where(entry => entry.Item1 == operation)
                    .Select(entry => entry.Item2),
            ];
            double expected = Draws * probabilities.Sum() / 25;
            Assert.Equal(expected, counts.GetValueOrDefault(operation), 5 * Math.Sqrt(2 * expected) + 1e-9);
        }
    }

    [Fact]
    public void ColorJitter_Brightness_IsUniformAroundOne()
    {
        using DisposeScope scope = NewDisposeScope();
        ColorJitter jitter = new()
        {
            Brightness = 0.4,
            Contrast = 0,
            Saturation = 0,
        };

        float[] factors = TensorAssert.Values(jitter.Apply(full([Draws, 1, 1, 1], 100f), new RandomStream(1, "color-jitter")) / 100);

        Assert.InRange(factors.Min(), 0.6, 0.601);
        Assert.InRange(factors.Max(), 1.399, 1.4001);
        Assert.Equal(1, factors.Average(), 5 * 0.4 / Math.Sqrt(3 * Draws));
        Assert.Equal(0.16 / 3, factors.Average(factor => (factor - 1.0) * (factor - 1.0)), 0.002);
    }

    [Fact]
    public void RandomRotation_Angles_AreUniform()
    {
        using DisposeScope scope = NewDisposeScope();
        // x and y are linear in the position, so bilinear interpolation far from the edge returns the source position.
        Tensor x = arange(21, ScalarType.Float32).view(1, 1, 1, 21).expand(1, 1, 21, 21);
        Tensor turned = new RandomRotation { Degrees = 30 }.Apply(x.repeat(4000, 1, 1, 1), new RandomStream(1, "rotation"));

        // Five to the right of the middle: 5 cos a across.
        double[] cosines = [.. TensorAssert.Values(turned.select(2, 10).select(2, 15)).Select(value => (value - 10) / 5.0)];
        double widest = Math.PI / 6;
        Assert.Equal(Math.Sin(widest) / widest, cosines.Average(), 0.003);
        Assert.InRange(cosines.Min(), Math.Cos(widest) - 1e-4, Math.Cos(widest) + 1e-3);
    }

    private static void AssertMoments(double[] moments, PixelBox[] boxes)
    {
        Func<PixelBox, double>[] sides = [box => box.Top, box => box.Left, box => box.Height, box => box.Width];
        Assert.All(
            Enumerable.Range(0, 4),
            i =>
            {
                (double mean, double deviation) = (moments[2 * i], moments[2 * i + 1]);
                Assert.Equal(mean, boxes.Average(sides[i]), 5 * deviation / Math.Sqrt(boxes.Length));
                double actual = Math.Sqrt(boxes.Average(box => Math.Pow(sides[i](box) - mean, 2)));
                Assert.Equal(deviation, actual, 5 * deviation / Math.Sqrt(boxes.Length));
            }
        );
    }
}
