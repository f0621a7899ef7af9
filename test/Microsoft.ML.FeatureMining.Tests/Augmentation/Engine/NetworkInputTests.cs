using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Augmentation.Engine;

/// <summary>One pass over the pixels gives the bits that the operations one after the other give.</summary>
public sealed class NetworkInputTests : IClassFixture<SingleThreadFixture>
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
        ChannelStatistics pixels = new(
            [.. Enumerable.Range(0, channels).Select(c => 100.3f + (7 * c))],
            [.. Enumerable.Range(0, channels).Select(c => c == 1 ? 0 : 61.7f)]
        );
        HostBatch batch = new(Pixels(shape, floats), new long[Count]);
        using NetworkInput input = new(shape, floats ? PixelType.Single : PixelType.Byte, pixels, CPU);

        Tensor actual = input.Of(batch, Lists[list], new RandomStreams(5));

        Tensor raw = Raw(batch, shape, floats);
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_LargerImages_AreCroppedAtRandomAndThenAugmented(bool floats)
    {
        using DisposeScope scope = NewDisposeScope();
        (ImageShape kept, ImageShape seen) = (new(3, 12, 21), new(3, 7, 18));
        HostBatch batch = new(Pixels(kept, floats), new long[Count]);
        Tensor raw = Raw(batch, kept, floats);
        using NetworkInput input = new(kept, floats ? PixelType.Single : PixelType.Byte, new ChannelStatistics([0, 0, 0], [1, 1, 1]), CPU, seen);
        RandomStream random = new RandomStreams(5)["random-crop"];
        (int Top, int Left)[] places = [.. Enumerable.Range(0, Count).Select(_ => (random.NextInt(6), random.NextInt(4)))];
        Tensor cropped = stack([.. places.Select((place, n) => raw[n].narrow(1, place.Top, 7).narrow(2, place.Left, 18))]);

        Assert.Equal(TensorAssert.Values(cropped.to(ScalarType.Float32)), TensorAssert.Values(input.Of(batch, [new RandomCrop()], new RandomStreams(5))));
        foreach (
            ImageAugmentation[] more in new ImageAugmentation[][]
            {
                [new PadCropFlip()],
                [new PadCropFlip { Padding = 0 }, new Cutout { Size = 3 }],
                [new RandomErasing(), new PadCropFlip()],
            }
        )
        {
            RandomStreams streams = new(5);
            Tensor expected = more.Aggregate(cropped, (images, augmentation) => augmentation.Apply(images, streams[augmentation.Key]));
            // Sums of floats depend on how they lie in memory.
            Assert.All(
                TensorAssert
                    .Values(expected.to(ScalarType.Float32))
                    .Zip(TensorAssert.Values(input.Of(batch, [new RandomCrop(), .. more], new RandomStreams(5)))),
                pair => Assert.Equal(pair.First, pair.Second, floats ? 1e-6f : 0)
            );
        }

        // Not at random where nothing is: 2.5 rows to the even number, 1.5 columns as well.
        Assert.Equal(TensorAssert.Values(raw.narrow(2, 2, 7).narrow(3, 2, 18).to(ScalarType.Float32)), TensorAssert.Values(input.Of(batch.Pixels, Count)));
    }

    [Fact]
    public void Of_LargerImages_ARandomResizedCropScalesItsBoxesToTheNetworksSize()
    {
        using DisposeScope scope = NewDisposeScope();
        (ImageShape kept, ImageShape seen) = (new(3, 46, 52), new(3, 23, 39));
        HostBatch batch = new(Pixels(kept, floats: false), new long[Count]);
        Tensor raw = Raw(batch, kept, floats: false);
        RandomResizedCrop crop = new() { MinArea = 0.1, MaxArea = 0.95 };
        using NetworkInput input = new(kept, PixelType.Byte, new ChannelStatistics([0, 0, 0], [1, 1, 1]), CPU, seen);
        RandomStream random = new RandomStreams(5)[crop.Key];
        PixelBox[] boxes = [.. Enumerable.Range(0, Count).Select(_ => crop.Draw(46, 52, random))];
        // Of both: boxes that are scaled up, and down.
        Assert.Contains(boxes, box => box.Height > 23 && box.Width > 39);
        Assert.Contains(boxes, box => box.Height < 23 && box.Width < 39);
        float[] expected = TensorAssert.Values(
            cat([
                .. boxes.Select(
                    (box, n) =>
                        nn.functional.interpolate(
                            raw[n].narrow(1, box.Top, box.Height).narrow(2, box.Left, box.Width).unsqueeze(0).to(ScalarType.Float32),
                            [23, 39],
                            mode: InterpolationMode.Bilinear,
                            align_corners: false
                        )
                ),
            ])
        );

        float[] onTensors = TensorAssert.Values(crop.CropTo(raw.to(ScalarType.Float32), seen, new RandomStreams(5)[crop.Key]));
        float[] inMemory = TensorAssert.Values(input.Of(batch, [crop], new RandomStreams(5)));
        float[] mirrored = TensorAssert.Values(
            input.Of(batch, [new PadCropFlip { Padding = 0 }, crop, new PadCropFlip { Padding = 0, Flip = false }], new RandomStreams(5))
        );

        Assert.All(expected.Zip(onTensors), pair => Assert.Equal(pair.First, pair.Second, 1e-2f));
        Assert.All(expected.Zip(inMemory), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1));
        Assert.Equal(Count * seen.Length, mirrored.Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_SmallerSizeWithoutAResizingCrop_ResizesTheAugmentedImages(bool floats)
    {
        using DisposeScope scope = NewDisposeScope();
        (ImageShape kept, ImageShape seen) = (new(3, 12, 21), new(3, 8, 16));
        HostBatch batch = new(Pixels(kept, floats), new long[Count]);
        using NetworkInput input = new(kept, floats ? PixelType.Single : PixelType.Byte, new ChannelStatistics([1, 2, 3], [4, 5, 6]), CPU, seen);
        ImageAugmentation[] augmentations = [new RandomCrop(), new PadCropFlip { Padding = 1 }, new Cutout { Size = 3 }];

        Tensor actual = input.Of(batch, augmentations, new RandomStreams(5), new ImageShape(3, 4, 8));

        Tensor whole = input.Of(batch, augmentations, new RandomStreams(5));
        TensorAssert.SameBits(AntialiasedResize.Apply(whole, 4, 8), actual);
        TensorAssert.SameBits(whole, input.Of(batch, augmentations, new RandomStreams(5), seen));
        Assert.Equal([Count, 3, 4, 8], actual.shape);
        Assert.True(actual.stride(1) == 1, "The result is not channels_last.");
    }

    [Theory]
    [InlineData(16, 16)]
    [InlineData(13, 9)]
    [InlineData(40, 33)]
    public void Of_SmallerSizeWithARandomResizedCrop_IsWithinALevelOfTheTensors(int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        ImageShape shape = new(3, 67, 70);
        HostBatch batch = new(Pixels(shape, floats: false), new long[Count]);
        RandomResizedCrop crop = new();
        using NetworkInput input = new(shape, PixelType.Byte, new ChannelStatistics([0, 0, 0], [1, 1, 1]), CPU);
        ImageShape size = new(3, height, width);

        Tensor actual = input.Of(batch, [new PadCropFlip { Padding = 0, Flip = false }, crop], new RandomStreams(5), size);

        Tensor expected = crop.CropTo(tensor(batch.Pixels, [Count, 3, 67, 70]), size, new RandomStreams(5)[crop.Key]);
        Assert.Equal([Count, 3, height, width], actual.shape);
        Assert.InRange(TensorAssert.Values(expected).Zip(TensorAssert.Values(actual), (one, other) => Math.Abs(one - other)).Max(), 0, 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_StripesOfOnePixelMuchSmaller_AreGray(bool floats)
    {
        using DisposeScope scope = NewDisposeScope();
        ImageShape shape = new(1, 64, 64);
        byte[] stripes = [.. Enumerable.Range(0, Count * shape.Length).Select(i => (byte)(i % 2 * 255))];
        HostBatch batch = new(floats ? MemoryMarshal.AsBytes<float>(Array.ConvertAll(stripes, value => (float)value)).ToArray() : stripes, new long[Count]);
        using NetworkInput input = new(shape, floats ? PixelType.Single : PixelType.Byte, new ChannelStatistics([0], [1]), CPU);
        RandomResizedCrop whole = new()
        {
            MinArea = 1,
            MinAspect = 1,
            MaxAspect = 1,
        };
        ImageShape size = new(1, 8, 8);

        Assert.All(TensorAssert.Values(input.Of(batch, [whole], new RandomStreams(5), size)), value => Assert.Equal(127.5, value, 1.0));
        // The outer columns have neighbors on one side only.
        Tensor resized = input.Of(batch, [], new RandomStreams(5), size);
        Assert.All(TensorAssert.Values(resized.narrow(3, 1, 6)), value => Assert.Equal(127.5, value, 0.01));
    }

    [Fact]
    public void Of_SmallerSizeWithAnOwnCrop_AsksItForTheFullSize()
    {
        using DisposeScope scope = NewDisposeScope();
        (ImageShape kept, ImageShape seen) = (new(3, 12, 21), new(3, 8, 16));
        HostBatch batch = new(Pixels(kept, floats: false), new long[Count]);
        using NetworkInput input = new(kept, PixelType.Byte, new ChannelStatistics([0, 0, 0], [1, 1, 1]), CPU, seen);
        OwnCrop crop = new();

        Tensor result = input.Of(batch, [crop], new RandomStreams(5), new ImageShape(3, 4, 8));

        Assert.Equal([seen], crop.Asked);
        Assert.Equal([Count, 3, 4, 8], result.shape);
    }

    private sealed record OwnCrop : ImageAugmentation
    {
        public List<ImageShape> Asked { get; } = [];

        public override string Key => "own-crop";

        protected internal override bool Crops => true;

        public override Tensor Apply(Tensor images, RandomStream random) => images;

        protected internal override Tensor CropTo(Tensor images, ImageShape size, RandomStream random)
        {
            Asked.Add(size);
            return images.narrow(2, 0, size.Height).narrow(3, 0, size.Width);
        }
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

    private static Tensor Raw(HostBatch batch, ImageShape shape, bool floats) =>
        floats
            ? tensor(MemoryMarshal.Cast<byte, float>(batch.Pixels).ToArray(), [Count, shape.Channels, shape.Height, shape.Width])
            : tensor(batch.Pixels, [Count, shape.Channels, shape.Height, shape.Width]);

    private static byte[] Pixels(ImageShape shape, bool floats)
    {
        RandomStream random = new(3, "pixels");
        return floats
            ? MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, Count * shape.Length).Select(_ => (float)random.NextGaussian())]).ToArray()
            : [.. Enumerable.Range(0, Count * shape.Length).Select(_ => (byte)random.NextInt(256))];
    }
}
