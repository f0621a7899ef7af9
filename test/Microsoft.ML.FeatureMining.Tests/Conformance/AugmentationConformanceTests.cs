using System.Text.Json;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Requirements for every augmentation in the catalog, with default and with extreme settings. New entries are tested automatically.</summary>
[Collection(nameof(SerialTests))]
public sealed class AugmentationConformanceTests : IClassFixture<SingleThreadFixture>
{
    private static readonly (int Count, int Channels, int Height, int Width)[] Shapes = [(5, 3, 8, 8), (3, 1, 9, 5), (2, 4, 1, 7), (1, 3, 1, 1), (2, 2, 2, 2)];

    public static TheoryData<string> Valid { get; } =
    [.. AugmentationCatalog.Keys.SelectMany(key => Changes(key).Prepend(key)).Where(settings => PartProblems.Of(Create(settings)).Count == 0)];

    public static TheoryData<string> Invalid { get; } =
    [.. AugmentationCatalog.Keys.SelectMany(Changes).Where(settings => PartProblems.Of(Create(settings)).Count > 0)];

    public static TheoryData<string> Keys { get; } = [.. AugmentationCatalog.Keys];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Apply_Null_NamesTheArgument(string key)
    {
        ImageAugmentation augmentation = AugmentationCatalog.Create(key);
        using Tensor images = ones(2, 3, 4, 4);

        Assert.Equal("images", Assert.Throws<ArgumentNullException>(() => augmentation.Apply(null!, new RandomStream(1, key))).ParamName);
        Assert.Equal("random", Assert.Throws<ArgumentNullException>(() => augmentation.Apply(images, null!)).ParamName);
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Apply_AnyImages_KeepsShapeTypeRangeAndTheInput(string settings)
    {
        using DisposeScope scope = NewDisposeScope();
        ImageAugmentation augmentation = Create(settings);
        foreach ((int count, int channels, int height, int width) in Shapes)
        {
            byte[] pixels = [.. Enumerable.Range(0, count * channels * height * width).Select(i => (byte)(i * 37))];
            foreach (ScalarType type in new[] { ScalarType.Byte, ScalarType.Float32 })
            {
                Tensor images = tensor(pixels, [count, channels, height, width]).to(type);

                Tensor result = augmentation.Apply(images, new RandomStream(1, augmentation.Key));

                Assert.Equal(type, result.dtype);
                Assert.Equal(images.shape, result.shape);
                Assert.All(TensorAssert.Values(result), value => Assert.InRange(value, -1e-3, 255.001));
                Assert.Equal(pixels, images.to(ScalarType.Byte).data<byte>().ToArray());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Apply_SameStream_IsBitIdentical(string settings)
    {
        using DisposeScope scope = NewDisposeScope();
        ImageAugmentation augmentation = Create(settings);
        Tensor images = Noise(64);

        Tensor first = augmentation.Apply(images, new RandomStream(1, augmentation.Key));

        TensorAssert.SameBits(first, augmentation.Apply(images, new RandomStream(1, augmentation.Key)));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Apply_Defaults_ChangesImagesDependingOnTheSeed(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        ImageAugmentation augmentation = Create(key);
        Tensor images = Noise(64);

        Tensor result = augmentation.Apply(images, new RandomStream(1, key));

        Assert.True(result.ne(images).any().ToBoolean());
        Assert.True(result.ne(augmentation.Apply(images, new RandomStream(2, key))).any().ToBoolean());
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Apply_ManyTimes_DoesNotChangeEarlierResults(string settings)
    {
        ImageAugmentation augmentation = Create(settings);
        using Tensor images = Noise(4);
        RandomStream random = new(1, augmentation.Key);
        SerialTests.CollectGarbage();
        long before = SerialTests.LiveTensors;

        using (DisposeScope scope = NewDisposeScope())
        {
            Tensor result = augmentation.Apply(images, random);
            Assert.Equal(before + (ReferenceEquals(result, images) ? 0 : 1), SerialTests.LiveTensors);
        }

        Assert.Equal(before, SerialTests.LiveTensors);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Fit_Defaults_ChangesTheWeightsReproducibly(string key)
    {
        ImageSet train = TinyData.Random(new ImageShape(3, 8, 8), count: 20, classes: 2);
        TrainingRecipe unchanged = TinyRun.Recipe with { Input = train.Shape, Epochs = 1, Augmentations = [new Unchanged()] };
        TrainingRecipe recipe = unchanged with { Augmentations = [Create(key)] };

        string bits = TinyRun.Bits(TinyRun.Fit(recipe, train));

        Assert.Equal(bits, TinyRun.Bits(TinyRun.Fit(recipe, train)));
        Assert.NotEqual(bits, TinyRun.Bits(TinyRun.Fit(unchanged, train)));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Fit_InterruptedAndResumed_IsBitIdentical(string key) =>
        Interruption.AssertResumesBitIdentically(TinyRun.Recipe with { Augmentations = [Create(key)] });

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Fit_InvalidSettings_AreRejectedBeforeTheFirstStep(string settings) =>
        Assert.Throws<ArgumentException>(() =>
            TinyRun.Fit(TinyRun.Recipe with { Augmentations = [Create(settings)] }, progress: _ => Assert.Fail("A step was run."))
        );

    [Theory]
    [MemberData(nameof(Valid))]
    public void Json_AnySettings_RoundTrip(string settings)
    {
        ImageAugmentation augmentation = Create(settings);

        string text = JsonSerializer.Serialize(augmentation);

        Assert.Contains($"\"Key\":\"{augmentation.Key}\"", text);
        Assert.Equal(augmentation, JsonSerializer.Deserialize<ImageAugmentation>(text));
    }

    [Fact]
    public void Catalog_UnknownKey_ListsKnownKeys() =>
        Assert.Contains("pad-crop-flip", Assert.Throws<ArgumentException>(() => AugmentationCatalog.Create("nothing")).Message);

    private static IEnumerable<string> Changes(string key) => Settings.Changes(AugmentationCatalog.Create(key)).Select(change => $"{key} {change}");

    private static ImageAugmentation Create(string settings)
    {
        string[] parts = settings.Split(' ');
        ImageAugmentation augmentation = AugmentationCatalog.Create(parts[0]);
        return parts.Length > 1 ? Settings.Change(augmentation, parts[1]) : augmentation;
    }

    private static Tensor Noise(int count)
    {
        RandomStream random = new(1, "noise");
        return tensor(Enumerable.Range(0, count * 3 * 20 * 20).Select(_ => (byte)random.NextInt(256)).ToArray(), [count, 3, 20, 20]);
    }

    private sealed record Unchanged : ImageAugmentation
    {
        public override string Key => "unchanged";

        public override Tensor Apply(Tensor images, RandomStream random) => images;
    }
}
