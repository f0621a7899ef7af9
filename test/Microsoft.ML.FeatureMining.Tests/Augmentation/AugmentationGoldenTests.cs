using System.Globalization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Augmentation;

/// <summary>
/// Compares the operations with torchvision's, for the same images and parameters. Bytes agree except for rounding: sums of three products may differ in the
/// last bit, and truncation makes one level of it. One pixel in a thousand may differ by one level, none by more. Floats agree to 1e-3 of 255. An interpolated
/// byte may differ by one level only if its exact value is half-way between two levels: see <see cref="AssertSameButForTies"/>.
/// </summary>
public sealed class AugmentationGoldenTests : IClassFixture<SingleThreadFixture>
{
    private const double PixelsOff = 1e-3;

    private static readonly GoldenTensors Golden = new("augmentation", "operations.safetensors");

    public static TheoryData<string> Operations { get; } =
    [
        .. new[] { "colour.byte", "gray.byte", "colour.float", "colour.wide" }
            .SelectMany(folder => Golden.Names(folder).Select(name => $"{folder}/{name}"))
            .Select(name => name[..name.IndexOf('/', name.IndexOf('/') + 1)])
            .Distinct(),
    ];

    [Theory]
    [MemberData(nameof(Operations))]
    public void Operation_EachLevel_IsTorchvisions(string folder)
    {
        using DisposeScope scope = NewDisposeScope();
        ImageOperation operation = Enum.Parse<ImageOperation>(folder.Split('/')[1]);
        Tensor images = Golden[folder.Split('.')[0]];
        images = folder.Contains("float") ? images.to(ScalarType.Float32) : images;

        Assert.All(
            Golden.Names(folder),
            name =>
            {
                string[] parts = name.Split('/');
                Interpolation interpolation = Enum.Parse<Interpolation>(parts[1], ignoreCase: true);
                ImageOperationStep step = new(operation, double.Parse(parts[0], CultureInfo.InvariantCulture));
                Tensor result = ImageOperations.Apply(images, [.. Enumerable.Repeat(step, (int)images.shape[0])], interpolation, fill: 0);
                if (operation <= ImageOperation.Rotate && interpolation == Interpolation.Bilinear && images.dtype == ScalarType.Byte)
                {
                    AssertSameButForTies(Golden[$"{folder}/{name}"], result, images, Matrix(step, images), $"{folder}/{name}");
                }
                else
                {
                    AssertSame(Golden[$"{folder}/{name}"], result, $"{folder}/{name}");
                }
            }
        );
    }

    [Theory]
    [InlineData(AutoAugmentPolicy.Cifar10, "cifar10", 0)]
    [InlineData(AutoAugmentPolicy.Cifar10, "cifar10", 1)]
    [InlineData(AutoAugmentPolicy.ImageNet, "imagenet", 0)]
    [InlineData(AutoAugmentPolicy.ImageNet, "imagenet", 1)]
    public void AutoAugment_EachSubPolicy_IsTorchvisions(AutoAugmentPolicy policy, string name, int sign)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor images = Golden["policy"];
        (ImageOperationStep, ImageOperationStep)[] pairs =
        [
            .. AutoAugmentTables
                .Of(policy)
                .Select(pair =>
                    (AutoAugment.Step(pair.First, pair.FirstLevel, sign == 0, 12, 12), AutoAugment.Step(pair.Second, pair.SecondLevel, sign == 0, 12, 12))
                ),
        ];

        Tensor result = new AutoAugment { Policy = policy }.Apply(images, pairs);

        AssertSame(Golden[$"policy/{name}/{sign}"], result, name);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(31)]
    public void Magnitude_EachLevel_IsTorchvisions(int bins) =>
        Assert.All(
            Golden.Names($"scale/{bins}"),
            name =>
            {
                ImageOperation operation = Enum.Parse<ImageOperation>(name);
                double[] actual = [.. Enumerable.Range(0, bins).Select(level => ImageOperations.Magnitude(operation, level, bins, height: 20, width: 33))];
                // Bits and thresholds are compared with integers, so they must be exactly equal.
                double tolerance = operation is ImageOperation.Posterize or ImageOperation.Solarize ? 0 : 1e-6;
                Assert.All(Golden.Doubles($"scale/{bins}/{name}").Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
            }
        );

    [Theory]
    [InlineData(2)]
    [InlineData(31)]
    public void WideMagnitude_EachLevel_IsTorchvisions(int bins)
    {
        Assert.Equal(14, Golden.Names($"wide-scale/{bins}").Count());
        Assert.All(
            Golden.Names($"wide-scale/{bins}"),
            name =>
            {
                ImageOperation operation = Enum.Parse<ImageOperation>(name);
                double[] expected = Golden.Doubles($"wide-scale/{bins}/{name}");
                double[] actual = [.. Enumerable.Range(0, expected.Length).Select(level => ImageOperations.WideMagnitude(operation, level, bins))];
                double tolerance = operation is ImageOperation.Posterize or ImageOperation.Solarize ? 0 : 1e-6;
                Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance * Math.Max(1, Math.Abs(pair.First))));
                if (operation is ImageOperation.TranslateX or ImageOperation.TranslateY)
                {
                    // By whole pixels.
                    Assert.Equal(expected.Select(Math.Truncate), actual.Select(Math.Truncate));
                }

                Assert.Equal(Golden.Integers($"wide-signed/{bins}/{name}")[0] == 1, ImageOperations.IsSigned(operation));
            }
        );
    }

    [Theory]
    [InlineData(6, 8)]
    [InlineData(13, 5)]
    [InlineData(4, 16)]
    [InlineData(3, 3)]
    [InlineData(1, 1)]
    [InlineData(20, 31)]
    [InlineData(13, 16)]
    public void AntialiasedResize_AnySize_IsPyTorchs(int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();

        Tensor result = AntialiasedResize.Apply(Golden["colour"].to(ScalarType.Float32), height, width);

        Assert.Equal([4, 3, height, width], result.shape);
        Assert.All(Golden.Doubles($"antialiased/{height}x{width}").Zip(TensorAssert.Values(result)), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

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

        // torchvision truncates 221.99998 to 221; we round.
        Assert.All(TensorAssert.Values(result).Zip(TensorAssert.Values(Golden["hue/byte"])), pair => Assert.InRange(pair.First - pair.Second, 0, 1));
    }

    [Theory]
    [InlineData("byte")]
    [InlineData("float")]
    public void RandomResizedCrop_EachBox_IsTorchvisions(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        PixelBox[] boxes = [.. Golden.Integers("crop/boxes").Select(value => (int)value).Chunk(4).Select(box => new PixelBox(box[0], box[1], box[2], box[3]))];

        Tensor result = RandomResizedCrop.Crop(
            Golden["colour"].to(kind == "byte" ? ScalarType.Byte : ScalarType.Float32),
            boxes,
            (int)Golden["colour"].shape[2],
            (int)Golden["colour"].shape[3]
        );

        AssertSame(Golden[$"crop/{kind}"], result, kind, PixelsOff * 10);
    }

    [Fact]
    public void TenCrop_EachSize_IsTorchvisions() =>
        Assert.All(
            Golden.Names("ten-crop"),
            size =>
            {
                using DisposeScope scope = NewDisposeScope();
                int[] sides = [.. size.Split('x').Select(int.Parse)];

                TensorAssert.SameBits(Golden[$"ten-crop/{size}"], stack(TenCrop.Views(Golden["colour"].narrow(0, 0, 2), sides[0], sides[1]), 1));
            }
        );

    private static float[] Matrix(ImageOperationStep step, Tensor images) =>
        step.Operation switch
        {
            ImageOperation.ShearX => AffineWarp.ShearX(step.Magnitude, (int)images.shape[2]),
            ImageOperation.ShearY => AffineWarp.ShearY(step.Magnitude, (int)images.shape[3]),
            ImageOperation.TranslateX => AffineWarp.Translation((int)step.Magnitude, 0),
            ImageOperation.TranslateY => AffineWarp.Translation(0, (int)step.Magnitude),
            _ => AffineWarp.Rotation(step.Magnitude),
        };

    /// <summary>
    /// Interpolated bytes. With slopes of 0.1 and 0.3, one value in 25 is half-way between two levels. There the last bits of single precision decide, and they
    /// depend on the CPU instructions that torch uses. With ATEN_CPU_CAPABILITY=default, torchvision (the version that wrote the golden) differs from itself by
    /// one level in up to 6 of 2496 values, and neither result is closer to the exact value. All other values must be equal.
    /// </summary>
    private static void AssertSameButForTies(Tensor expected, Tensor actual, Tensor images, float[] matrix, string what)
    {
        Assert.Equal(expected.shape, actual.shape);
        float[] wanted = TensorAssert.Values(expected),
            got = TensorAssert.Values(actual);
        double[] exact = Warped(TensorAssert.Values(images), images.shape, matrix);
        // Coordinates of 8 pixels are exact to 1e-6 in single precision, and neighbors are up to 255 levels apart.
        Assert.All(
            Enumerable.Range(0, got.Length).Where(i => wanted[i] != got[i]),
            i =>
                Assert.True(
                    Math.Abs(wanted[i] - got[i]) == 1 && Math.Abs(exact[i] - Math.Floor(exact[i]) - 0.5) < 1e-3,
                    $"{what}: value {i} is {got[i]}, not {wanted[i]}; exactly, {exact[i]}."
                )
        );
    }

    /// <summary>Bilinear interpolation in double precision, with zeros outside.</summary>
    private static double[] Warped(float[] pixels, long[] shape, float[] matrix)
    {
        int height = (int)shape[2],
            width = (int)shape[3];
        return
        [
            .. pixels.Select(
                (_, i) =>
                {
                    int plane = i / (height * width) * height * width;
                    double x = i % width - (width - 1) / 2.0,
                        y = i / width % height - (height - 1) / 2.0;
                    double column = (double)matrix[0] * x + (double)matrix[1] * y + matrix[2] + (width - 1) / 2.0;
                    double row = (double)matrix[3] * x + (double)matrix[4] * y + matrix[5] + (height - 1) / 2.0;
                    int left = (int)Math.Floor(column),
                        top = (int)Math.Floor(row);
                    return Weighted(top, left, (1 - (row - top)) * (1 - (column - left)))
                        + Weighted(top, left + 1, (1 - (row - top)) * (column - left))
                        + Weighted(top + 1, left, (row - top) * (1 - (column - left)))
                        + Weighted(top + 1, left + 1, (row - top) * (column - left));

                    double Weighted(int r, int c, double weight) => r < 0 || r >= height || c < 0 || c >= width ? 0 : weight * pixels[plane + r * width + c];
                }
            ),
        ];
    }

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
        Assert.True(
            differences.Max() <= 1 && off <= pixelsOff * differences.Length,
            $"{what}: {off} of {differences.Length} are off, by up to {differences.Max()}."
        );
    }
}
