using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Tests.Data;

public sealed class ImageCodecTests
{
    public static TheoryData<string> Pictures => [.. Goldens.Pictures];

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Decode_AnyPicture_GivesPillowsPixels(string name)
    {
        DecodedImage expected = Goldens.Pixels("images", name + ".rgb");

        DecodedImage actual = ImageCodec.Decode(Goldens.Picture(name));

        Assert.InRange(Goldens.LargestDifference(actual, expected), 0, 0);
    }

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Decode_AnyBeginningOfAFile_IsRefused(string name)
    {
        byte[] file = Goldens.Picture(name);

        for (int length = 0; length < Goldens.EndOfPixels(name, file); length++)
            Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(file.AsSpan(0, length)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Not a picture at all, but long enough to be one.")]
    [InlineData("BM")]
    [InlineData("GIF89a")]
    [InlineData("RIFF\0\0\0\0WEBP")]
    public void Decode_NoPicture_IsRefused(string content)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(content);

        ImageDecodeException refusal = Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(bytes));

        Assert.NotEmpty(refusal.Message);
    }

    [Theory]
    [InlineData("rgb.png", 16, true)] // where the header says the width; the height follows
    [InlineData("baseline.jpg", -1, true)]
    [InlineData("rgb-24.bmp", 18, false)]
    public void Decode_65535x65535_IsRefusedBeforeMemoryIsTaken(string name, int offset, bool bigEndian)
    {
        byte[] file = Goldens.Picture(name);
        if (name.EndsWith(".jpg"))
            file.AsSpan(file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]) + 5, 4).Fill(0xFF);
        else
            WriteSize(file, offset, bigEndian);
        long before = GC.GetAllocatedBytesForCurrentThread();

        ImageDecodeException refusal = Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(file));

        Assert.Contains("655", refusal.Message); // the size, or libjpeg's own limit of 65500
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    [Fact]
    public void Decode_MorePixelsThanAllowed_SaysSo()
    {
        byte[] file = Goldens.Picture("rgb.png");

        ImageDecodeException refusal = Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(file, maxPixels: (21 * 14) - 1));

        Assert.Contains("21x14", refusal.Message);
        Assert.Equal(21, ImageCodec.Decode(file, maxPixels: 21 * 14).Width);
    }

    [Theory]
    [InlineData("baseline.jpg", 203, 151)]
    [InlineData("gray.jpg", 203, 151)]
    [InlineData("progressive.jpg", 203, 151)]
    [InlineData("cmyk.jpg", 203, 151)]
    [InlineData("turned.jpg", 152, 208)]
    public void Decode_WhereLessIsEnough_GivesPillowsDraft(string name, int width, int height)
    {
        byte[] file = File.ReadAllBytes(Path.Combine(Goldens.Folder, "scaled", name));

        foreach (int part in (int[])[2, 4, 8])
        {
            DecodedImage expected = Goldens.Pixels("scaled", $"{name}-{part}.rgb");
            Assert.Equal(((width + part - 1) / part, (height + part - 1) / part), (expected.Width, expected.Height));
            DecodedImage least = ImageCodec.Decode(file, minWidth: expected.Width, minHeight: expected.Height);
            DecodedImage more = ImageCodec.Decode(file, minWidth: expected.Width, minHeight: expected.Height + 1);
            Assert.Equal(0, Goldens.LargestDifference(least, expected));
            Assert.Equal((width + (part / 2) - 1) / (part / 2), more.Width);
        }
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(10, 0)]
    [InlineData(-5, -5)]
    [InlineData(int.MaxValue, 1)]
    public void Decode_WithoutALeastSize_GivesAllOfIt(int minWidth, int minHeight)
    {
        byte[] file = File.ReadAllBytes(Path.Combine(Goldens.Folder, "scaled", "baseline.jpg"));

        Assert.Equal(ImageCodec.Decode(file).Pixels, ImageCodec.Decode(file, minWidth: minWidth, minHeight: minHeight).Pixels);
    }

    [Fact]
    public void Decode_AHundredMegapixelsWhereLessIsEnough_GivesThem()
    {
        byte[] file = File.ReadAllBytes(Path.Combine(Goldens.Folder, "huge", "arithmetic.jpg"));

        DecodedImage image = ImageCodec.Decode(file, minWidth: 1000, minHeight: 1000);

        Assert.Equal((1250, 1250), (image.Width, image.Height));
        int right = 3 * (image.Width - 1);
        int[] corners = [.. image.Pixels[..3], .. image.Pixels[right..(right + 3)]];
        Assert.All(corners.Zip((int[])[200, 60, 30, 20, 90, 220]), pair => Assert.InRange(pair.First - pair.Second, -2, 2));
    }

    [Fact]
    public void Decode_AHundredMegapixels_GivesThemAll()
    {
        var pixels = new byte[100_000_000];
        pixels.AsSpan(pixels.Length / 2).Fill(9);
        byte[] png = ImageCodec.EncodePng(pixels, 10_000, 10_000, level: 1);

        DecodedImage image = ImageCodec.Decode(png);

        Assert.Equal((10_000, 10_000), (image.Width, image.Height));
        Assert.Equal((0, 9, 9), (image.Pixels[(3 * 50_000_000) - 1], image.Pixels[3 * 50_000_000], image.Pixels[^1]));
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(8, 8, 1)]
    [InlineData(5, 300, 3)]
    [InlineData(257, 2, 3)]
    public void EncodePng_GrayOrRgb_DecodesToTheSame(int width, int height, int channels)
    {
        byte[] pixels = [.. Enumerable.Range(0, width * height * channels).Select(i => (byte)(i * 37 / 5))];

        foreach (int level in (int[])[0, 6])
        {
            DecodedImage decoded = ImageCodec.Decode(ImageCodec.EncodePng(pixels, width, height, level));
            Assert.Equal((width, height), (decoded.Width, decoded.Height));
            Assert.Equal(channels == 3 ? pixels : [.. pixels.SelectMany(value => Enumerable.Repeat(value, 3))], decoded.Pixels);
        }
    }

    [Fact]
    public void EncodePng_WrongLength_IsRejected()
    {
        Assert.Throws<ArgumentException>(() => ImageCodec.EncodePng(new byte[5], 2, 2));
    }

    private static void WriteSize(byte[] file, int offset, bool bigEndian)
    {
        for (int i = 0; i < 2; i++)
        {
            Span<byte> field = file.AsSpan(offset + (4 * i));
            if (bigEndian)
                BinaryPrimitives.WriteInt32BigEndian(field, 65535);
            else
                BinaryPrimitives.WriteInt32LittleEndian(field, 65535);
        }
        if (bigEndian)
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(29), Crc(file.AsSpan(12, 17)));
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        }
        return ~crc;
    }
}
