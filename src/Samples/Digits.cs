using System.Globalization;
using System.IO.Compression;

namespace Samples;

/// <summary>The handwritten digits that come with the program (optdigits, CC BY 4.0): 1,797 of 8x8.</summary>
internal static class Digits
{
    public const int Side = 8;
    private const int FullInk = 16;

    /// <summary>All of them in the order of their writers: gray pixels, row by row, and what they show.</summary>
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
