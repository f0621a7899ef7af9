using System.Text;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>Draws captions below images, in letters that come with the library: servers and containers often have no fonts.</summary>
internal static class CaptionText
{
    // As in build/make_caption_font.py. The first letter replaces all others that are not in the ranges.
    private const int Width = 7;
    private const int Height = 14;
    private const int PerRow = 32;

    private static readonly (int First, int Last)[] Ranges =
    [
        (0xFFFD, 0xFFFD),
        (0x20, 0x24F),
        (0x370, 0x3FF),
        (0x400, 0x4FF),
        (0x2013, 0x2026),
        (0x2713, 0x2717),
    ];

    private static readonly Lazy<DecodedImage> Letters = new(ReadLetters);

    /// <summary>The image with text below it, black on white. Lines that are too long for the image end in "…".</summary>
    /// <param name="image">RGB.</param>
    /// <param name="text">Lines, separated by line feeds; empty for none.</param>
    public static DecodedImage Below(DecodedImage image, string text)
    {
        if (text.Length == 0)
        {
            return image;
        }

        Rune[][] lines = [.. text.Split('\n').Select(line => Fit([.. line.EnumerateRunes()], image.Width / Width))];
        byte[] pixels = new byte[checked((image.Height + lines.Length * Height) * image.Width * 3)];
        image.Pixels.CopyTo(pixels, 0);
        Array.Fill(pixels, byte.MaxValue, image.Pixels.Length, pixels.Length - image.Pixels.Length);
        foreach ((int row, Rune[] line) in lines.Index())
        {
            foreach ((int column, Rune letter) in line.Index())
            {
                Draw(IndexOf(letter.Value), pixels.AsSpan((image.Height + row * Height) * image.Width * 3 + column * Width * 3), image.Width * 3);
            }
        }

        return new DecodedImage(image.Width, image.Height + lines.Length * Height, 3, pixels);
    }

    /// <summary>Writes a line on an image, black on white. Letters that do not fit are left out.</summary>
    /// <param name="image">RGB; its pixels are changed.</param>
    /// <param name="left">The column of the first letter's upper left corner.</param>
    /// <param name="top">Its row.</param>
    /// <param name="text">One line.</param>
    public static void Over(DecodedImage image, int left, int top, string text)
    {
        foreach ((int column, Rune letter) in text.EnumerateRunes().Index())
        {
            int x = left + column * Width;
            if (left >= 0 && top >= 0 && x + Width <= image.Width && top + Height <= image.Height)
            {
                Draw(IndexOf(letter.Value), image.Pixels.AsSpan((top * image.Width + x) * 3), image.Width * 3);
            }
        }
    }

    /// <summary>The size of a line in pixels.</summary>
    public static (int Width, int Height) Measure(string text) => (text.EnumerateRunes().Count() * Width, Height);

    private static Rune[] Fit(Rune[] line, int count) =>
        line.Length <= count ? line : [.. line.Take(Math.Max(0, count - 1)), .. count > 0 ? [new Rune('…')] : Array.Empty<Rune>()];

    private static void Draw(int index, Span<byte> target, int stride)
    {
        DecodedImage letters = Letters.Value;
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                int from = (index / PerRow * Height + y) * letters.Width + index % PerRow * Width + x;
                target.Slice(y * stride + x * 3, 3).Fill((byte)(byte.MaxValue - letters.Pixels[from]));
            }
        }
    }

    private static int IndexOf(int code)
    {
        int before = 0;
        foreach ((int first, int last) in Ranges)
        {
            if (code >= first && code <= last)
            {
                return before + code - first;
            }

            before += last - first + 1;
        }

        return 0;
    }

    private static DecodedImage ReadLetters()
    {
        using Stream stream = typeof(CaptionText).Assembly.GetManifestResourceStream("caption-font.png")!;
        byte[] file = new byte[stream.Length];
        stream.ReadExactly(file);
        return ImageCodec.Decode(file).ToGray();
    }
}
