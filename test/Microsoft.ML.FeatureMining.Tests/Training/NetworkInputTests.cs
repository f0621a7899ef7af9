using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>One pass over the pixels gives the bits that the operations one after the other give.</summary>
public sealed class NetworkInputTests : IClassFixture<OneThread>
{
    private const int Count = 20;

    private static readonly Dictionary<string, ImageAugmentation[]> Lists = new()
    {
        ["none"] = [],
        ["crop and flip"] = [new PadCropFlip()],
        ["nothing to move"] = [new PadCropFlip { Padding = 0, Flip = false }],
        ["twice"] = [new PadCropFlip { Padding = 2 }, new PadCropFlip { Padding = 1 }],
        ["moved, then changed"] = [new PadCropFlip(), new Cutout { Size = 3 }],
        ["changed, then moved"] = [new RandomErasing(), new PadCropFlip()],
    };

    public static IEnumerable<object[]> Cases =>
        from list in Lists.Keys
        from channels in new[] { 1, 3, 4 }
        from floats in new[] { false, true }
        select new object[] { list, channels, floats };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_AnyAugmentations_EqualsOneAfterTheOther(string list, int channels, bool floats)
    {
        using DisposeScope scope = NewDisposeScope();
        ImageShape shape = new(channels, 7, 19);
        ChannelStatistics pixels = new([.. Enumerable.Range(0, channels).Select(c => 100.3f + (7 * c))], [.. Enumerable.Range(0, channels).Select(c => c == 1 ? 0 : 61.7f)]);
        HostBatch batch = new(Pixels(shape, floats), new long[Count]);
        using NetworkInput input = new(shape, floats ? PixelType.Single : PixelType.Byte, pixels, CPU);

        Tensor actual = input.Of(batch, Lists[list], new RandomStreams(5));

        Tensor raw = floats
            ? tensor(MemoryMarshal.Cast<byte, float>(batch.Pixels).ToArray(), [Count, channels, 7, 19])
            : tensor(batch.Pixels, [Count, channels, 7, 19]);
        RandomStreams random = new(5);
        foreach (ImageAugmentation augmentation in Lists[list])
        {
            raw = augmentation.Apply(raw, random[augmentation.Key]);
        }

        using Normalization normalization = new(pixels.Mean, pixels.Std, CPU);
        Tensor expected = ChannelsLast.Of(normalization.Apply(raw));
        Assert.Equal(expected.shape, actual.shape);
        // With one channel there is nothing to tell the layouts apart by.
        if (channels > 1)
        {
            Assert.Equal(expected.stride(), actual.stride());
        }

        Assert.Equal(TensorAssert.Values(expected), TensorAssert.Values(actual));
    }

    [Theory]
    [InlineData(37, 41)]
    [InlineData(8, 8)]
    [InlineData(5, 3)]
    public void Of_RandomResizedCrop_IsWithinALevelOfTheTensors(int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        ImageShape shape = new(3, height, width);
        HostBatch batch = new(Pixels(shape, floats: false), new long[Count]);
        RandomResizedCrop crop = new();
        using NetworkInput input = new(shape, PixelType.Byte, new ChannelStatistics([0, 0, 0], [1, 1, 1]), CPU);

        float[] actual = TensorAssert.Values(input.Of(batch, [crop], new RandomStreams(5)));

        float[] expected = TensorAssert.Values(crop.Apply(tensor(batch.Pixels, [Count, 3, height, width]), new RandomStreams(5)[crop.Key]));
        int[] differences = [.. expected.Zip(actual, (one, other) => (int)Math.Abs(one - other))];
        Assert.InRange(differences.Max(), 0, 1);
        Assert.InRange(differences.Average(), 0, 0.05);
        float[] mirrored = TensorAssert.Values(input.Of(batch, [crop, new PadCropFlip { Padding = 0 }], new RandomStreams(5)));
        Assert.Equal(actual.Order(), mirrored.Order());
        Assert.NotEqual(actual, mirrored);
    }

    [Fact]
    public void Of_MoreBytesThanImages_TakesTheFirst()
    {
        using DisposeScope scope = NewDisposeScope();
        ImageShape shape = new(1, 1, 2);
        using NetworkInput input = new(shape, PixelType.Byte, new ChannelStatistics([10], [2]), CPU);

        Assert.Equal([-5, 0, 5, 122.5f], TensorAssert.Values(input.Of([0, 10, 20, 255, 77, 78], count: 2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => input.Of([1, 2, 3], count: 2));
    }

    private static byte[] Pixels(ImageShape shape, bool floats)
    {
        RandomStream random = new(3, "pixels");
        return floats
            ? MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, Count * shape.Length).Select(_ => (float)random.NextGaussian())]).ToArray()
            : [.. Enumerable.Range(0, Count * shape.Length).Select(_ => (byte)random.NextInt(256))];
    }
}
