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

        if (CodecTolerance.Of(name) is int tolerance)
            Assert.InRange(Goldens.LargestDifference(actual, expected), 0, tolerance);
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
        long before = GC.GetTotalAllocatedBytes();

        ImageDecodeException refusal = Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(file));

        Assert.Contains("655", refusal.Message); // the size, or libjpeg's own limit of 65500
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 64 << 20);
    }

    [Fact]
    public void Decode_MorePixelsThanAllowed_SaysSo()
    {
        byte[] file = Goldens.Picture("rgb.png");

        ImageDecodeException refusal = Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(file, maxPixels: (21 * 14) - 1));

        Assert.Contains("21x14", refusal.Message);
        Assert.Equal(21, ImageCodec.Decode(file, maxPixels: 21 * 14).Width);
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
