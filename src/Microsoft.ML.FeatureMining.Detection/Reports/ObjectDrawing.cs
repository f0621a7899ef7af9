using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Detection.Reports;

/// <summary>Draws boxes on an image. A class has the same color on every image.</summary>
internal static class ObjectDrawing
{
    private const int LineWidth = 2;

    private static readonly byte[][] Palette =
    [
        [230, 25, 75],
        [60, 180, 75],
        [0, 130, 200],
        [245, 130, 48],
        [145, 30, 180],
        [70, 200, 220],
        [240, 50, 230],
        [170, 110, 40],
        [0, 128, 128],
        [128, 128, 0],
    ];

    private static readonly byte[] White = [255, 255, 255];
    private static readonly byte[] Black = [0, 0, 0];

    /// <summary>Draws on a copy of the image: labeled objects in black and white, objects found in the color of their class with class and score.</summary>
    /// <param name="image">RGB.</param>
    /// <param name="size">The size of the image that the boxes are for.</param>
    /// <param name="found">The objects found, the best first.</param>
    /// <param name="labeled">The labeled objects.</param>
    public static DecodedImage Draw(DecodedImage image, ImageSize size, IEnumerable<DetectedObject> found, IEnumerable<Box> labeled)
    {
        DecodedImage drawn = new(image.Width, image.Height, 3, [.. image.Pixels]);
        (double x, double y) = ((double)image.Width / size.Width, (double)image.Height / size.Height);
        foreach (Box box in labeled)
        {
            PixelBox outer = Scale(box, x, y);
            Outline(drawn, outer, 3, White);
            Outline(drawn, new PixelBox(outer.Top + 1, outer.Left + 1, outer.Height - 2, outer.Width - 2), 1, Black);
        }

        // The best is drawn last, above the others.
        foreach (DetectedObject thing in found.Reverse())
        {
            PixelBox box = Scale(new Box(thing.Left, thing.Top, thing.Right, thing.Bottom), x, y);
            Outline(drawn, box, LineWidth, ColorOf(thing.Class));
            string caption = FormattableString.Invariant($"{thing.Class} {thing.Score:0.00}");
            (int width, int height) = CaptionText.Measure(caption);
            int left = Math.Max(0, Math.Min(box.Left, drawn.Width - width));
            CaptionText.Over(drawn, left, box.Top >= height ? box.Top - height : Math.Max(0, Math.Min(box.Top + LineWidth, drawn.Height - height)), caption);
        }

        return drawn;
    }

    /// <summary>Encodes an RGB image as PNG.</summary>
    public static byte[] ToPng(DecodedImage image) => ImageCodec.EncodePng(image.Pixels, image.Width, image.Height);

    /// <summary>Draws the objects found on an image file, reduced to a longest side.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read.</exception>
    public static byte[] ToPng(ReadOnlySpan<byte> imageFile, IEnumerable<DetectedObject> found, int longestSide)
    {
        DecodedImage image = ImageCodec.Decode(imageFile);
        ImageSize size = new(image.Width, image.Height);
        double scale = Math.Min(1, (double)longestSide / Math.Max(size.Width, size.Height));
        DecodedImage shown =
            scale == 1 ? image : ImageResize.Resize(image, Math.Max(1, (int)Math.Round(size.Width * scale)), Math.Max(1, (int)Math.Round(size.Height * scale)));
        return ToPng(Draw(shown, size, found, []));
    }

    // FNV-1a: string.GetHashCode differs in each process.
    private static byte[] ColorOf(string name) => Palette[name.Aggregate(2166136261u, (hash, letter) => (hash ^ letter) * 16777619u) % Palette.Length];

    private static PixelBox Scale(Box box, double x, double y)
    {
        (int left, int top) = ((int)Math.Round(box.Left * x), (int)Math.Round(box.Top * y));
        return new PixelBox(top, left, (int)Math.Round(box.Bottom * y) - top, (int)Math.Round(box.Right * x) - left);
    }

    private static void Outline(DecodedImage image, PixelBox box, int width, byte[] color)
    {
        Fill(image, box.Left, box.Top, box.Right, box.Top + width, color);
        Fill(image, box.Left, box.Bottom - width, box.Right, box.Bottom, color);
        Fill(image, box.Left, box.Top, box.Left + width, box.Bottom, color);
        Fill(image, box.Right - width, box.Top, box.Right, box.Bottom, color);
    }

    private static void Fill(DecodedImage image, int left, int top, int right, int bottom, byte[] color)
    {
        for (int y = Math.Max(0, top); y < Math.Min(image.Height, bottom); y++)
        {
            for (int x = Math.Max(0, left); x < Math.Min(image.Width, right); x++)
            {
                color.CopyTo(image.Pixels.AsSpan(((y * image.Width) + x) * 3));
            }
        }
    }
}
