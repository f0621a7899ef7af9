using System.Globalization;
using Microsoft.ML.FeatureMining.Augmentation;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Augmentation;

/// <summary>
/// The operations against torchvision's, same images, same parameters. Bytes agree but for roundings: sums of three products may come out a unit in the last place
/// apart, and cutting to a whole number makes one step of it. One pixel in a thousand may be a step off, none more; floats agree to 1e-3 of 255.
/// </summary>
public sealed class AugmentationGoldenTests : IClassFixture<OneThread>
{
    private const double PixelsOff = 1e-3;

    private static readonly GoldenTensors Golden = new("augmentation", "operations.safetensors");

    public static TheoryData<string> Operations { get; } =
        [.. new[] { "colour.byte", "gray.byte", "colour.float" }.SelectMany(folder => Golden.Names(folder).Select(name => $"{folder}/{name}")).Select(name => name[..name.IndexOf('/', name.IndexOf('/') + 1)]).Distinct()];

    [Theory]
    [MemberData(nameof(Operations))]
    public void Operation_EachLevel_IsTorchvisions(string folder)
    {
        using DisposeScope scope = NewDisposeScope();
        ImageOperation operation = Enum.Parse<ImageOperation>(folder.Split('/')[1]);
        Tensor images = Golden[folder.Split('.')[0]];
        images = folder.Contains("float") ? images.to(ScalarType.Float32) : images;

        Assert.All(Golden.Names(folder), name =>
        {
            string[] parts = name.Split('/');
            Interpolation interpolation = Enum.Parse<Interpolation>(parts[1], ignoreCase: true);
            ImageOperationStep step = new(operation, double.Parse(parts[0], CultureInfo.InvariantCulture));
            Tensor result = ImageOperations.Apply(images, [.. Enumerable.Repeat(step, (int)images.shape[0])], interpolation, fill: 0);
            AssertSame(Golden[$"{folder}/{name}"], result, $"{folder}/{name}");
        });
    }

    [Theory]
    [InlineData(AutoAugmentPolicy.Cifar10, "cifar10", 0)]
    [InlineData(AutoAugmentPolicy.Cifar10, "cifar10", 1)]
    [InlineData(AutoAugmentPolicy.ImageNet, "imagenet", 0)]
    [InlineData(AutoAugmentPolicy.ImageNet, "imagenet", 1)]
    public void AutoAugment_EachPair_IsTorchvisions(AutoAugmentPolicy policy, string name, int sign)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor images = Golden["policy"];
        (ImageOperationStep, ImageOperationStep)[] pairs = [.. AutoAugmentTables.Of(policy).Select(pair => (
            AutoAugment.Step(pair.First, pair.FirstLevel, sign == 0, 12, 12), AutoAugment.Step(pair.Second, pair.SecondLevel, sign == 0, 12, 12)))];

        Tensor result = new AutoAugment { Policy = policy }.Apply(images, pairs);

        AssertSame(Golden[$"policy/{name}/{sign}"], result, name);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(31)]
    public void Magnitude_EachLevel_IsTorchvisions(int bins) => Assert.All(Golden.Names($"scale/{bins}"), name =>
    {
        ImageOperation operation = Enum.Parse<ImageOperation>(name);
        double[] actual = [.. Enumerable.Range(0, bins).Select(level => ImageOperations.Magnitude(operation, level, bins, height: 20, width: 33))];
        // Bits and thresholds are compared with whole numbers, so that they must be the same to the bit.
        double tolerance = operation is ImageOperation.Posterize or ImageOperation.Solarize ? 0 : 1e-6;
        Assert.All(Golden.Doubles($"scale/{bins}/{name}").Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    });

    [Theory]
    [InlineData("byte")]
    [InlineData("float")]
    public void ColorJitter_EachOrder_IsTorchvisions(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        int[][] orders = [.. Golden.Integers("jitter/orders").Select(value => (int)value).Chunk(4)];
        double[][] factors = [.. Golden.Doubles("jitter/factors").Chunk(4)];
        Tensor images = Golden["colour"].to(kind == "byte" ? ScalarType.Byte : ScalarType.Float32);

        Tensor result = new ColorJitter { Hue = kind == "byte" ? 0 : 0.5 }.Apply(images, orders, factors);

        AssertSame(Golden[$"jitter/{kind}"], result, kind, PixelsOff * 10);
    }

    [Fact]
    public void Hue_Bytes_AreTorchvisionsOrOneAbove()
    {
        using DisposeScope scope = NewDisposeScope();

        Tensor result = PixelOperations.Hue(Golden["colour"], [.. Golden.Doubles("jitter/factors").Chunk(4).Select(factors => factors[3])]);

        // torchvision cuts 221.99998 to 221, we round.
        Assert.All(TensorAssert.Values(result).Zip(TensorAssert.Values(Golden["hue/byte"])), pair => Assert.InRange(pair.First - pair.Second, 0, 1));
    }

    [Theory]
    [InlineData("byte")]
    [InlineData("float")]
    public void RandomResizedCrop_EachBox_IsTorchvisions(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        PixelBox[] boxes = [.. Golden.Integers("crop/boxes").Select(value => (int)value).Chunk(4).Select(box => new PixelBox(box[0], box[1], box[2], box[3]))];

        Tensor result = RandomResizedCrop.Crop(Golden["colour"].to(kind == "byte" ? ScalarType.Byte : ScalarType.Float32), boxes, (int)Golden["colour"].shape[2], (int)Golden["colour"].shape[3]);

        AssertSame(Golden[$"crop/{kind}"], result, kind, PixelsOff * 10);
    }

    [Fact]
    public void TenCrop_EachSize_IsTorchvisions() => Assert.All(Golden.Names("ten-crop"), size =>
    {
        using DisposeScope scope = NewDisposeScope();
        int[] sides = [.. size.Split('x').Select(int.Parse)];

        TensorAssert.SameBits(Golden[$"ten-crop/{size}"], TenCrop.Of(Golden["colour"].narrow(0, 0, 2), sides[0], sides[1]));
    });

    private static void AssertSame(Tensor expected, Tensor actual, string what, double pixelsOff = PixelsOff)
    {
        Assert.Equal(expected.dtype, actual.dtype);
        Assert.Equal(expected.shape, actual.shape);
        double[] differences = [.. TensorAssert.Values(expected).Zip(TensorAssert.Values(actual), (e, a) => Math.Abs((double)e - a))];
        if (expected.dtype != ScalarType.Byte)
        {
            Assert.True(differences.Max() < 0.255, $"{what}: off by {differences.Max()}.");
            return;
        }

        int off = differences.Count(difference => difference > 0);
        Assert.True(differences.Max() <= 1 && off <= pixelsOff * differences.Length, $"{what}: {off} of {differences.Length} are off, by up to {differences.Max()}.");
    }
}
