using System.Buffers.Binary;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Imaging;

/// <summary>The files that test/Goldens/make_images.py wrote.</summary>
internal static class Goldens
{
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Goldens");

    /// <summary>Every image file, by name.</summary>
    public static IReadOnlyList<string> Pictures { get; } =
    [
        .. Directory
            .GetFiles(Path.Combine(Folder, "images"))
            .Where(path => !path.EndsWith(".rgb"))
            .Select(path => Path.GetFileName(path)!)
            .Order(StringComparer.Ordinal),
    ];

    public static byte[] Picture(string name) => File.ReadAllBytes(Path.Combine(Folder, "images", name));

    /// <summary>A file of at least this length has all its pixels. An end marker, a later frame or an EXIF block follows.</summary>
    public static int EndOfPixels(string name, byte[] file) =>
        name switch
        {
            "animated.gif" => file.Length / 4,
            "palette.gif" or "gray.gif" => file.Length - 2, // Pillow writes two empty blocks
            "orientation-behind.png" => file.Length - 50,
            _ when name.EndsWith(".gif") => file.Length - 1,
            _ when name.StartsWith("runs") => file.Length - 2,
            _ when name.EndsWith(".png") && name != "wrong-extension.png" => file.Length - 12,
            _ => file.Length,
        };

    /// <summary>Width and height as little-endian integers, then the rows.</summary>
    public static DecodedImage Pixels(params string[] path)
    {
        byte[] file = File.ReadAllBytes(Path.Combine([Folder, .. path]));
        int width = BinaryPrimitives.ReadInt32LittleEndian(file);
        int height = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(4));
        return new DecodedImage(width, height, (file.Length - 8) / (width * height), file[8..]);
    }

    public static int LargestDifference(DecodedImage actual, DecodedImage expected)
    {
        Assert.Equal((expected.Width, expected.Height, expected.Channels), (actual.Width, actual.Height, actual.Channels));
        return actual.Pixels.Zip(expected.Pixels, (a, e) => Math.Abs(a - e)).Max();
    }
}
