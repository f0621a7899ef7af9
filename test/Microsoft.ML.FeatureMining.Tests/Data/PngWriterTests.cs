using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Tests.Data;

public sealed class PngWriterTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(8, 8, 1)]
    [InlineData(5, 300, 3)]
    [InlineData(257, 2, 3)]
    public void Write_GrayOrRgb_DecodesToTheSame(int width, int height, int channels)
    {
        byte[] pixels = [.. Enumerable.Range(0, width * height * channels).Select(i => (byte)(i * 37 / 5))];
        using MemoryStream stream = new();

        PngWriter.Write(stream, pixels, width, height);

        DecodedImage decoded = ImageCodec.Decode(stream.ToArray());
        Assert.Equal((width, height), (decoded.Width, decoded.Height));
        Assert.Equal(channels == 3 ? pixels : [.. pixels.SelectMany(value => Enumerable.Repeat(value, 3))], decoded.Pixels);
    }

    [Fact]
    public void Write_WrongLength_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => PngWriter.Write(Stream.Null, new byte[5], 2, 2));
    }
}
