using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Imaging;

public sealed class ImageCodecTests
{
    // Transparent pixels, and pixels that the first frame does not cover, have no color. Pillow uses a color of the palette, Skia black.
    private static readonly string[] BlackWhereBare = ["transparent.gif", "frame-inside.gif", "frame-inside-transparent.gif", "frame-over-screen.gif"];

    // Skia rounds 5 and 6 bits to 8 in another way.
    private static readonly string[] OneLevelOff = ["rgb-16.bmp", "rgb-565.bmp"];

    private const string NoPalette = "no-palette.gif"; // rejected; Pillow uses shades of gray
    private const string PaletteOutOfRange = "palette-out-of-range.png"; // undefined: Skia uses the last color, Pillow shades of gray
    private const string LongOrientation = "orientation-long.jpg"; // EXIF requires SHORT for an orientation; Pillow accepts LONG too

    public static TheoryData<string> Pictures => [.. Goldens.Pictures];

    public static TheoryData<string> PicturesAsPillowReadsThem =>
        [.. Goldens.Pictures.Except([.. BlackWhereBare, .. OneLevelOff, NoPalette, PaletteOutOfRange, LongOrientation])];

    [Theory]
    [MemberData(nameof(PicturesAsPillowReadsThem))]
    public void Decode_AnyImage_GivesPillowsPixels(string name) =>
        Assert.Equal(0, Goldens.LargestDifference(ImageCodec.Decode(Goldens.Picture(name)), Goldens.Pixels("images", name + ".rgb")));

    [Fact]
    public void Decode_PixelsOfAGifWithoutColor_AreBlackAndTheRestIsPillows() =>
        Assert.All(
            BlackWhereBare,
            name =>
            {
                (DecodedImage actual, DecodedImage expected) = (ImageCodec.Decode(Goldens.Picture(name)), Goldens.Pixels("images", name + ".rgb"));

                int[] different = [.. Enumerable.Range(0, actual.Width * actual.Height).Where(i => !Pixel(actual, i).SequenceEqual(Pixel(expected, i)))];

                Assert.InRange(different.Length, 1, (actual.Width * actual.Height) - 1);
                Assert.All(different, i => Assert.Equal([0, 0, 0], Pixel(actual, i)));
                Assert.Single(different.Select(i => string.Join(' ', Pixel(expected, i))).Distinct()); // the one color that Pillow uses for "none"

                static byte[] Pixel(DecodedImage image, int i) => image.Pixels[(3 * i)..(3 * (i + 1))];
            }
        );

    [Fact]
    public void Decode_FiveOrSixBitsPerChannel_IsWithinOneLevelOfPillow() =>
        Assert.All(
            OneLevelOff,
            name => Assert.Equal(1, Goldens.LargestDifference(ImageCodec.Decode(Goldens.Picture(name)), Goldens.Pixels("images", name + ".rgb")))
        );

    [Fact]
    public void Decode_GifWithoutAnyColorTable_IsRejected() =>
        Assert.Contains("no color table", Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(Goldens.Picture(NoPalette))).Message);

    [Fact]
    public void Decode_IndexBeyondThePalette_GivesAColorOfThePalette()
    {
        DecodedImage expected = Goldens.Pixels("images", "palette-4.png.rgb");
        HashSet<int> palette = [.. Colors(expected)];

        Assert.All(Colors(ImageCodec.Decode(Goldens.Picture(PaletteOutOfRange))), color => Assert.Contains(color, palette));

        static IEnumerable<int> Colors(DecodedImage image) => image.Pixels.Chunk(3).Select(pixel => (pixel[0] << 16) | (pixel[1] << 8) | pixel[2]);
    }

    [Fact]
    public void Decode_OrientationStoredAsLong_IsIgnored()
    {
        DecodedImage actual = ImageCodec.Decode(Goldens.Picture(LongOrientation));

        Assert.Equal(ImageCodec.Decode(Goldens.Picture("orientation-1.jpg")).Pixels, actual.Pixels);
    }

    // Between scans, a comment may contain anything, and bytes that are not a marker are skipped.
    [Theory]
    [InlineData("progressive.jpg", new byte[0], new byte[0])]
    [InlineData("progressive.jpg", new byte[] { 0xFF, 0x01 }, new byte[0])]
    [InlineData("progressive.jpg", new byte[] { 0xFF, 0xD0, 0xFF, 0xD7 }, new byte[0])]
    [InlineData("progressive.jpg", new byte[0], new byte[] { 0xFF, 0xFE, 0, 4, 0xFF, 0xD9 })]
    [InlineData("progressive.jpg", new byte[0], new byte[] { 1, 2, 0xFF, 0xFF, 0xFF, 0xFE, 0, 3, 0 })]
    [InlineData("baseline.jpg", new byte[0], new byte[0])]
    [InlineData("baseline.jpg", new byte[0], new byte[] { 0xFF, 0xFE, 0, 4, 0xFF, 0xD9 })]
    public void Decode_JpegOfThousandsOfScans_IsRejected(string name, byte[] markersWithoutLength, byte[] beforeScan)
    {
        byte[] file = Goldens.Picture(name);
        int lastScan = file.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        byte[] scan = [.. beforeScan, .. file[lastScan..^2]];

        byte[] bomb = [.. file[..2], .. markersWithoutLength, .. file[2..lastScan], .. Enumerable.Repeat(scan, 1000).SelectMany(bytes => bytes), 0xFF, 0xD9];

        Assert.Contains("scans", Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(bomb)).Message);
        Assert.NotEmpty(ImageCodec.Decode(file).Pixels);
    }

    // As in a file of several pictures (MPO).
    [Fact]
    public void Decode_JpegFollowedByManyOthers_DecodesTheFirst()
    {
        byte[] file = Goldens.Picture("baseline.jpg");

        DecodedImage first = ImageCodec.Decode([.. Enumerable.Repeat(file, 200).SelectMany(bytes => bytes)]);

        Assert.Equal(ImageCodec.Decode(file).Pixels, first.Pixels);
    }

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Decode_TruncatedFile_IsRejected(string name)
    {
        byte[] file = Goldens.Picture(name);

        for (int length = 0; length < Goldens.EndOfPixels(name, file); length++)
        {
            Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(file.AsSpan(0, length)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("Not a picture at all, but long enough to be one.")]
    [InlineData("BM")]
    [InlineData("GIF89a")]
    [InlineData("RIFF\0\0\0\0WEBP")]
    public void Decode_NoImage_IsRejected(string content)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(content);

        ImageDecodeException refusal = Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(bytes));

        Assert.NotEmpty(refusal.Message);
    }

    [Theory]
    [InlineData("rgb.png", 16, true, "65535x65535")] // the offset of the width in the header; the height follows
    [InlineData("baseline.jpg", -1, true, "header")] // above libjpeg's limit of 65500, so Skia finds no image
    [InlineData("rgb-24.bmp", 18, false, "65535x65535")]
    public void Decode_65535x65535_IsRejectedBeforeMemoryIsAllocated(string name, int offset, bool bigEndian, string message)
    {
        byte[] file = Goldens.Picture(name);
        if (name.EndsWith(".jpg"))
        {
            file.AsSpan(file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]) + 5, 4).Fill(0xFF);
        }
        else
        {
            WriteSize(file, offset, bigEndian);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();

        ImageDecodeException refusal = Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(file));

        Assert.Contains(message, refusal.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    [Fact]
    public void Decode_MorePixelsThanAllowed_IsRejected()
    {
        byte[] file = Goldens.Picture("rgb.png");

        ImageDecodeException refusal = Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(file, maxPixels: (21 * 14) - 1));

        Assert.Contains("21x14", refusal.Message);
        Assert.Equal(21, ImageCodec.Decode(file, maxPixels: 21 * 14).Width);
    }

    [Theory]
    [InlineData("interlaced-rgb-8.png", 11)]
    [InlineData("interlaced-gray-16.png", 15)]
    public void Decode_InterlacedPng_CountsItsBufferForTheLimit(string name, int bytesPerPixel)
    {
        byte[] file = Goldens.Picture(name);
        DecodedImage image = ImageCodec.Decode(file);
        long enough = ((image.Width * image.Height * bytesPerPixel) + 6) / 7;

        ImageDecodeException refusal = Assert.Throws<ImageDecodeException>(() => ImageCodec.Decode(file, maxPixels: enough - 1));

        Assert.Contains("interlaced", refusal.Message);
        Assert.Equal(image.Pixels, ImageCodec.Decode(file, maxPixels: enough).Pixels);
    }

    [Theory]
    [InlineData("baseline.jpg", 203, 151)]
    [InlineData("gray.jpg", 203, 151)]
    [InlineData("progressive.jpg", 203, 151)]
    [InlineData("cmyk.jpg", 203, 151)]
    [InlineData("turned.jpg", 152, 208)]
    public void Decode_MinimumSize_GivesPillowsDraft(string name, int width, int height)
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
    public void Decode_NoMinimumSize_GivesTheFullSize(int minWidth, int minHeight)
    {
        byte[] file = File.ReadAllBytes(Path.Combine(Goldens.Folder, "scaled", "baseline.jpg"));

        Assert.Equal(ImageCodec.Decode(file).Pixels, ImageCodec.Decode(file, minWidth: minWidth, minHeight: minHeight).Pixels);
    }

    [Fact]
    public void Decode_HundredMegapixelsWithMinimumSize_Succeeds()
    {
        byte[] file = File.ReadAllBytes(Path.Combine(Goldens.Folder, "huge", "arithmetic.jpg"));

        DecodedImage image = ImageCodec.Decode(file, minWidth: 1000, minHeight: 1000);

        Assert.Equal((1250, 1250), (image.Width, image.Height));
        int right = 3 * (image.Width - 1);
        int[] corners = [.. image.Pixels[..3], .. image.Pixels[right..(right + 3)]];
        Assert.All(corners.Zip((int[])[200, 60, 30, 20, 90, 220]), pair => Assert.InRange(pair.First - pair.Second, -2, 2));
    }

    [Fact]
    public void Decode_HundredMegapixels_Succeeds()
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
            {
                BinaryPrimitives.WriteInt32BigEndian(field, 65535);
            }
            else
            {
                BinaryPrimitives.WriteInt32LittleEndian(field, 65535);
            }
        }
        if (bigEndian)
        {
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(29), Crc(file.AsSpan(12, 17)));
        }
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
            }
        }
        return ~crc;
    }
}
