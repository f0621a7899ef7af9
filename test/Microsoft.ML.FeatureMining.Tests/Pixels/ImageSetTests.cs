using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Tests.Pixels;

public sealed class ImageSetTests
{
    [Fact]
    public void Indexer_ManyChunks_GivesEachImageAsAdded()
    {
        ImageShape shape = new(3, 512, 512); // 21 images per chunk
        ImageSetBuilder builder = new(shape);
        for (int i = 0; i < 50; i++)
        {
            builder.Add(Image(shape, i), i % 4);
        }

        ImageSet set = builder.Build(classCount: 4);

        Assert.Equal((50, 4, shape, PixelType.Byte), (set.Count, set.ClassCount, set.Shape, set.Element));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => i % 4), set.Labels);
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(Image(shape, i), set[i]);
        }
    }

    [Fact]
    public void Indexer_Singles_KeepsTheirBytes()
    {
        float[] values = [0, -1.5f, float.Pi, 255];
        ImageSetBuilder builder = new(new ImageShape(1, 2, 2), PixelType.Single);
        builder.Add(MemoryMarshal.AsBytes<float>(values), 0);

        ImageSet set = builder.Build(1);

        Assert.Equal(values, MemoryMarshal.Cast<byte, float>(set[0]).ToArray());
    }

    [Fact]
    public void Add_WrongLength_NamesBoth()
    {
        ImageSetBuilder builder = new(new ImageShape(3, 2, 2));

        ArgumentException refusal = Assert.Throws<ArgumentException>(() => builder.Add(new byte[11], 0));

        Assert.Contains("11 bytes", refusal.Message);
        Assert.Contains("12", refusal.Message);
        Assert.Equal(0, builder.Count);
    }

    [Fact]
    public void Build_LabelOutOfRange_IsRejected()
    {
        ImageSetBuilder builder = new(new ImageShape(1, 1, 1));
        builder.Add([1], 3);

        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Build(3));

        builder = new(new ImageShape(1, 1, 1));
        builder.Add([1], -1);
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Build(3));
    }

    [Fact]
    public void Indexer_OutOfRange_IsRejected()
    {
        ImageSet set = new ImageSetBuilder(new ImageShape(1, 1, 1)).Build(2);

        Assert.Throws<ArgumentOutOfRangeException>(() => set[0].Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => set[-1].Length);
    }

    private static byte[] Image(ImageShape shape, int seed) => [.. Enumerable.Range(0, shape.Length).Select(i => (byte)((i * 31) + (seed * 7)))];
}
