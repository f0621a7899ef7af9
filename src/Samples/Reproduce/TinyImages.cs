using System.Globalization;

namespace Samples.Reproduce;

/// <summary>What the tiny scale trains on: the handwritten digits that come with the program, 20 a class, and pairs of them as pictures of several classes.</summary>
internal static class TinyImages
{
    public const string Name = "digits";

    private const int Side = Digits.Side;
    private const int OfClass = 20;

    /// <summary>A folder with <c>train.csv</c> and <c>test.csv</c> (ImagePath, relative to that folder, and Label), and <c>pairs-train.csv</c> and <c>pairs-test.csv</c>, whose labels are two, parted by a semicolon.</summary>
    public static string In(DirectoryInfo parent)
    {
        string folder = Path.Combine(parent.FullName, Name);
        if (Directory.Exists(folder))
        {
            return folder;
        }

        // Made aside and moved, so that a process beside this one sees all of it or nothing.
        string aside = Path.Combine(parent.FullName, $".{Name}-{Environment.ProcessId}");
        (string Part, byte[] Pixels, int Digit)[] digits =
        [
            .. Digits.Read().GroupBy(digit => digit.Digit).SelectMany(ofClass => ofClass.Take(2 * OfClass).Index()
                .Select(digit => (digit.Index < OfClass ? "train" : "test", digit.Item.Pixels, digit.Item.Digit))),
        ];
        foreach (IGrouping<string, (string, byte[] Pixels, int Digit)> part in digits.GroupBy(digit => digit.Part))
        {
            (string, byte[] Pixels, int Digit)[] all = [.. part];
            Write(aside, part.Key, all.Select(digit => (digit.Pixels, Side, Text(digit.Digit))));
            Write(aside, $"pairs-{part.Key}", all.Index().Select(digit =>
            {
                (string, byte[] Pixels, int Digit) left = digit.Item, right = all[(digit.Index * 7 + 3) % all.Length];
                return (Beside(left.Pixels, right.Pixels), 2 * Side, string.Join(';', new[] { left.Digit, right.Digit }.Distinct().Order().Select(Text)));
            }));
        }

        try
        {
            Directory.Move(aside, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            Directory.Delete(aside, recursive: true);
        }

        return folder;
    }

    private static void Write(string aside, string part, IEnumerable<(byte[] Pixels, int Width, string Label)> pictures)
    {
        Directory.CreateDirectory(Path.Combine(aside, part));
        List<string> lines = ["ImagePath,Label"];
        foreach ((int index, (byte[] pixels, int width, string label)) in pictures.Index())
        {
            string name = $"{part}/{Text(index)}.png";
            GrayImage.Save(Path.Combine(aside, name), pixels, width, Side);
            lines.Add($"{name},{label}");
        }

        File.WriteAllLines(Path.Combine(aside, $"{part}.csv"), lines);
    }

    private static byte[] Beside(byte[] left, byte[] right) => [.. left.Chunk(Side).Zip(right.Chunk(Side)).SelectMany(row => row.First.Concat(row.Second))];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
