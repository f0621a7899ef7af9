using System.CommandLine;
using System.Globalization;
using System.IO.Compression;
using SkiaSharp;

namespace Samples;

/// <summary>The verb <c>digits</c>: the images that come with the program, as a folder per class.</summary>
internal static class DigitsCommand
{
    // Every fifth digit of a class is held out: the file is ordered by writer, so both parts have digits of every writer.
    private const int HeldOutEvery = 5;

    public static Command Create()
    {
        Option<DirectoryInfo> folder = new("--out") { Description = "Write to this folder.", Required = true };
        Command command = new("digits", "Writes 1,797 handwritten digits (optdigits, CC BY 4.0) as PNG files to OUT/train/CLASS and OUT/test/CLASS.")
        {
            folder,
        };
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                OutputPath.TryFolder("--out", parsed.GetValue(folder));
                string target = parsed.GetRequiredValue(folder).FullName;
                (int train, int test) = Write(target);
                Console.WriteLine($"{train} images in {Path.Combine(target, "train")}, {test} in {Path.Combine(target, "test")}.");
                return ExitCode.Success;
            })
        );
        return command;
    }

    private static (int Train, int Test) Write(string target)
    {
        int[] written = new int[10];
        int test = 0;
        foreach ((byte[] pixels, int digit) in Digits.Read())
        {
            bool heldOut = written[digit] % HeldOutEvery == HeldOutEvery - 1;
            test += heldOut ? 1 : 0;
            string folder = Path.Combine(target, heldOut ? "test" : "train", digit.ToString(CultureInfo.InvariantCulture));
            Directory.CreateDirectory(folder);
            GrayImage.Save(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{written[digit]++:d3}.png")), pixels, Digits.Side, Digits.Side);
        }

        return (written.Sum() - test, test);
    }
}

/// <summary>The handwritten digits that come with the program (optdigits, CC BY 4.0): 1,797 images of 8x8 pixels.</summary>
internal static class Digits
{
    public const int Side = 8;
    private const int FullInk = 16;

    /// <summary>All digits, ordered by writer: gray pixels [8,8] and the digit.</summary>
    public static IEnumerable<(byte[] Pixels, int Digit)> Read()
    {
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "digits.csv.gz"));
        using StreamReader reader = new(new GZipStream(file, CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            int[] numbers = [.. line.Split(',').Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
            yield return ([.. numbers[..^1].Select(ink => (byte)(ink * 255 / FullInk))], numbers[^1]);
        }
    }
}

/// <summary>Writes 8-bit gray images.</summary>
internal static class GrayImage
{
    /// <param name="path">A PNG file.</param>
    /// <param name="pixels">[height, width].</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <exception cref="IOException">There is another file.</exception>
    public static void Save(string path, byte[] pixels, int width, int height)
    {
        using SKImage image = SKImage.FromPixelCopy(new SKImageInfo(width, height, SKColorType.Gray8, SKAlphaType.Opaque), pixels);
        using SKData encoded = image.Encode(SKEncodedImageFormat.Png, 100);
        byte[] png = encoded.ToArray();
        if (File.Exists(path) && !File.ReadAllBytes(path).AsSpan().SequenceEqual(png))
        {
            throw new IOException($"'{path}' is there already, with other content. Choose another folder.");
        }

        File.WriteAllBytes(path, png);
    }
}
