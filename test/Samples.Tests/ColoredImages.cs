using SkiaSharp;

namespace Samples.Tests;

/// <summary>A folder of small images of one color with noise, a subfolder per class.</summary>
public sealed class ColoredImages : IDisposable
{
    public const int PerClass = 12;
    public static readonly string[] Names = ["blue", "green", "red"];

    private const int Side = 12;

    public ColoredImages()
    {
        Root = Directory.CreateTempSubdirectory("colored-images-").FullName;
        Random random = new(7);
        for (int i = 0; i < PerClass * Names.Length; i++)
        {
            string folder = Directory.CreateDirectory(Path.Combine(Root, Names[i % Names.Length])).FullName;
            File.WriteAllBytes(Path.Combine(folder, $"{i:D3}.png"), Png(i % Names.Length, random));
        }
    }

    public string Root { get; }

    public static byte[] Png(int label, Random random)
    {
        byte[] pixels = new byte[Side * Side * 4];
        random.NextBytes(pixels);
        for (int i = 0; i < pixels.Length; i++)
        {
            // Blue, green, red, alpha.
            pixels[i] = i % 4 == 3 ? byte.MaxValue : (byte)((pixels[i] / 2) + (i % 4 == label ? 120 : 0));
        }

        using SKImage image = SKImage.FromPixelCopy(new SKImageInfo(Side, Side, SKColorType.Bgra8888, SKAlphaType.Opaque), pixels);
        using SKData encoded = image.Encode(SKEncodedImageFormat.Png, 100);
        return encoded.ToArray();
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
