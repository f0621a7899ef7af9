using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Microsoft.ML.FeatureMining.Tests.Imaging;

/// <summary>Compares our decoder with ImageSharp, which shares no code with it, and with ML.NET's, which is SkiaSharp too.</summary>
public sealed class OtherDecodersTests
{
    // The pixels of a lossless file are well defined. The exceptions, transparent pixels and frames smaller than the screen, are in ImageCodecTests. ImageSharp
    // 2.1 never returns from interlaced PNGs of few columns, rounds 16 bits, and converts 5 bits in another way.
    public static TheoryData<string> Lossless =>
        [
            .. Goldens
                .Pictures.Where(name => Path.GetExtension(name) is ".png" or ".bmp" or ".gif" || name is "lossless.webp" or "one-pixel.webp")
                .Where(name =>
                    !name.Contains("transparent")
                    && !name.StartsWith("frame-")
                    && !name.Contains("palette-out")
                    && !name.StartsWith("no-palette")
                    && !name.Contains("interlaced")
                    && !name.Contains("16")
                    && !name.Contains("565")
                    && !name.Contains("orientation")
                    && name is not ("wrong-extension.png" or "missing-end-chunk.png")
                ),
        ];

    [Theory]
    [MemberData(nameof(Lossless))]
    public void Decode_LosslessFile_GivesImageSharpsPixels(string name)
    {
        byte[] file = Goldens.Picture(name);
        using Image<Rgb24> expected = Image.Load<Rgb24>(file);
        byte[] pixels = new byte[3 * expected.Width * expected.Height];
        expected.CopyPixelDataTo(pixels);

        DecodedImage actual = ImageCodec.Decode(file);

        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        Assert.Equal(pixels, actual.Pixels);
    }

    // Both use SkiaSharp, and a program can load only one version of it.
    [Fact]
    public void LoadImagesResizeImagesExtractPixels_TogetherWithOurDecoder_Works()
    {
        using TemporaryFolder folder = new();
        folder.Write("a.png", Goldens.Picture("rgb.png"));
        MLContext ml = new();
        DecodedImage ours = ImageCodec.Decode(Goldens.Picture("rgb.png"));
        IDataView rows = ml.Data.LoadFromEnumerable([new FileRow { ImagePath = "a.png" }]);

        float[] same = Extract(ours.Width, ours.Height),
            resized = Extract(7, 5);

        Assert.Equal(ours.ToPlanar(), same.Select(value => (byte)value));
        Assert.Equal(3 * 7 * 5, resized.Length);

        float[] Extract(int width, int height) =>
            ml
                .Transforms.LoadImages("Image", folder.Path, "ImagePath")
                .Append(ml.Transforms.ResizeImages("Image", width, height))
                .Append(ml.Transforms.ExtractPixels("Pixels", "Image"))
                .Fit(rows)
                .Transform(rows)
                .GetColumn<float[]>("Pixels")
                .Single();
    }

    private sealed class FileRow
    {
        public string ImagePath { get; set; } = "";
    }
}
