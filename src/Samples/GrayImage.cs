using SkiaSharp;

namespace Samples;

/// <summary>Writes 8-bit gray images.</summary>
internal static class GrayImage
{
    /// <param name="path">A PNG file.</param>
    /// <param name="pixels">[height, width].</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    public static void Save(string path, byte[] pixels, int width, int height)
    {
        using SKImage image = SKImage.FromPixelCopy(new SKImageInfo(width, height, SKColorType.Gray8, SKAlphaType.Opaque), pixels);
        using SKData encoded = image.Encode(SKEncodedImageFormat.Png, 100);
        using FileStream file = File.Create(path);
        encoded.SaveTo(file);
    }
}
