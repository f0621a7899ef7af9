using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Augmentation;

public sealed class PadCropFlipTests : IClassFixture<SingleThreadFixture>
{
    [Theory]
    [InlineData(4, true)]
    [InlineData(2, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    public void Apply_AnySettings_EqualsThePerPixelDefinition(int padding, bool flip)
    {
        using DisposeScope scope = NewDisposeScope();
        const int Count = 20,
            Channels = 3,
            Height = 6,
            Width = 9;
        byte[] pixels = [.. Enumerable.Range(0, Count * Channels * Height * Width).Select(i => (byte)(1 + i % 255))];

        Tensor result = new PadCropFlip { Padding = padding, Flip = flip }.Apply(tensor(pixels, [Count, Channels, Height, Width]), new RandomStream(3, "test"));

        Assert.Equal(ScalarType.Byte, result.dtype);
        Assert.Equal([Count, Channels, Height, Width], result.shape);
        byte[] actual = result.contiguous().data<byte>().ToArray();
        RandomStream random = new(3, "test");
        int at = 0;
        for (int n = 0; n < Count; n++)
        {
            int top = random.NextInt(2 * padding + 1) - padding;
            int left = random.NextInt(2 * padding + 1) - padding;
            bool mirrored = flip && random.NextInt(2) == 1;
            foreach (
                (int c, int y, int x) in from c in Enumerable.Range(0, Channels)
                from y in Enumerable.Range(0, Height)
                from x in Enumerable.Range(0, Width)
                select (c, y, x)
            )
            {
                int row = y + top;
                int column = (mirrored ? Width - 1 - x : x) + left;
                bool inside = row is >= 0 and < Height && column is >= 0 and < Width;
                Assert.Equal(inside ? pixels[((n * Channels + c) * Height + row) * Width + column] : 0, actual[at++]);
            }
        }
    }

    [Fact]
    public void Apply_ManyImages_OffsetsAndFlipsAreUniform()
    {
        using DisposeScope scope = NewDisposeScope();
        const int Count = 20_000,
            Padding = 2,
            Size = 5;
        // One bright pixel in the middle and one to its right show the offset and the flip.
        byte[] image = new byte[Size * Size];
        image[2 * Size + 2] = 200;
        image[2 * Size + 3] = 100;
        byte[] pixels = [.. Enumerable.Repeat(image, Count).SelectMany(values => values)];

        byte[] result = new PadCropFlip { Padding = Padding }
            .Apply(tensor(pixels, [Count, 1, Size, Size]), new RandomStream(4, "test"))
            .contiguous()
            .data<byte>()
            .ToArray();

        Dictionary<int, int> places = result.Chunk(Size * Size).CountBy(values => Array.IndexOf(values, (byte)200)).ToDictionary();
        Assert.Equal(25, places.Count);
        double expected = Count / 25.0;
        // Chi square with 24 degrees of freedom: its 99.99 % quantile is 60.
        Assert.InRange(places.Values.Sum(count => (count - expected) * (count - expected) / expected), 4, 60);
        var sides = result
            .Chunk(Size * Size)
            .Select(values => (Bright: Array.IndexOf(values, (byte)200), Dim: Array.IndexOf(values, (byte)100)))
            .Where(pair => pair.Dim >= 0)
            .ToArray();
        Assert.All(sides, pair => Assert.Equal(1, Math.Abs(pair.Dim - pair.Bright)));
        double mirrored = sides.Average(pair => pair.Dim < pair.Bright ? 1.0 : 0.0);
        Assert.Equal(0.5, mirrored, 4 * 0.5 / Math.Sqrt(sides.Length));
    }

    [Fact]
    public void Apply_NoPaddingAndNoFlip_ReturnsTheSameImagesAndDrawsNothing()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor images = tensor(new byte[] { 1, 2, 3, 4 }, [1, 1, 2, 2]);
        RandomStream random = new(1, "test");

        Tensor result = new PadCropFlip { Padding = 0, Flip = false }.Apply(images, random);

        Assert.Equal(images.data<byte>().ToArray(), result.data<byte>().ToArray());
        Assert.Equal(new RandomStream(1, "test").NextSeed(), random.NextSeed());
    }

    [Fact]
    public void Apply_Floats_StayFloats()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor images = tensor(new[] { 0.5f, -1.5f, 2.25f, 3 }, [1, 1, 2, 2]);

        Tensor result = new PadCropFlip { Padding = 0 }.Apply(images, new RandomStream(1, "test"));

        Assert.Equal(ScalarType.Float32, result.dtype);
        Assert.Equal(TensorAssert.Values(images).Order(), TensorAssert.Values(result).Order());
    }

    [Fact]
    public void Problems_NegativePadding_IsNamed() => Assert.Single(PartProblems.Of(new PadCropFlip { Padding = -1 }));
}
