using System.Text;
using Microsoft.ML.Data;

namespace Samples;

/// <summary>Draws a picture with characters: two pixels a cell in color on a terminal, shades of gray elsewhere.</summary>
internal static class TerminalImage
{
    private const int MaxSide = 32;
    private const string Shades = " .:-=+*#%@";

    public static void Draw(FileInfo file)
    {
        using MLImage image = MLImage.CreateFromFile(file.FullName);
        int step = Math.Max(1, (Math.Max(image.Width, image.Height) + MaxSide - 1) / MaxSide);
        StringBuilder text = new();
        bool color = !Console.IsOutputRedirected;
        for (int y = 0; y < image.Height / step; y += color ? 2 : 1)
        {
            for (int x = 0; x < image.Width / step; x++)
            {
                (byte r, byte g, byte b) = Pixel(image, x * step, y * step);
                if (color)
                {
                    (byte r2, byte g2, byte b2) = Pixel(image, x * step, Math.Min((y + 1) * step, image.Height - 1));
                    text.Append($"\u001b[38;2;{r};{g};{b}m\u001b[48;2;{r2};{g2};{b2}m▀");
                }
                else
                {
                    text.Append(Shades[(r + g + b) * (Shades.Length - 1) / (3 * 255)], 2);
                }
            }

            text.AppendLine(color ? "\u001b[0m" : "");
        }

        Console.Write(text);
    }

    private static (byte R, byte G, byte B) Pixel(MLImage image, int x, int y)
    {
        ReadOnlySpan<byte> pixel = image.Pixels.Slice((y * image.Width + x) * 4, 4);
        return image.PixelFormat == MLPixelFormat.Bgra32 ? (pixel[2], pixel[1], pixel[0]) : (pixel[0], pixel[1], pixel[2]);
    }
}
