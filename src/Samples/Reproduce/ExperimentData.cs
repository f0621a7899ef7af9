using System.CommandLine;
using System.Globalization;

namespace Samples.Reproduce;

/// <summary>The options for the folders of the data sets; a recipe names a data set as <c>{name}</c>.</summary>
internal sealed class ExperimentData
{
    private readonly Dictionary<string, Option<DirectoryInfo?>> _folders = new(StringComparer.Ordinal)
    {
        ["cifar-100"] = Folder("--cifar-100", "CIFAR-100's binary files: train.bin, test.bin"),
        ["tiny-imagenet"] = Folder("--tiny-imagenet", "the folder tiny-imagenet-200"),
        ["cub-200"] = Folder("--cub-200", "the folder CUB_200_2011"),
        ["imagenet"] = Folder("--imagenet", "ImageNet or its VIPriors subset: folders train and val with a subfolder per synset, and the list synsets.txt"),
        ["voc"] = Folder("--voc", "one year of Pascal VOC, e.g. VOCdevkit/VOC2012"),
    };

    public void AddTo(Command command)
    {
        foreach (Option option in _folders.Values)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The folders that the command line gives.</summary>
    public IReadOnlyDictionary<string, string> Given(ParseResult parsed) =>
        _folders.Where(entry => parsed.GetValue(entry.Value) is not null).ToDictionary(entry => entry.Key, entry => parsed.GetValue(entry.Value)!.FullName);

    /// <summary>The folders of the data sets that the arguments of an experiment name.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="arguments">The arguments of the experiment.</param>
    /// <param name="folder">The folder to write the digits of the tiny scale to.</param>
    /// <exception cref="ArgumentException">A folder that the experiment needs is not given.</exception>
    public IReadOnlyDictionary<string, string> Of(ParseResult parsed, string arguments, DirectoryInfo folder)
    {
        Dictionary<string, string> paths = [];
        foreach ((string name, Option<DirectoryInfo?> option) in _folders.Where(entry => Names(arguments, entry.Key)))
        {
            paths[name] = parsed.GetValue(option)?.FullName ?? throw new ArgumentException($"This experiment needs {option.Name} FOLDER, {option.Description}");
        }

        if (Names(arguments, TinyImages.Name))
        {
            paths[TinyImages.Name] = TinyImages.In(folder);
        }

        return paths;
    }

    private static bool Names(string arguments, string data) => arguments.Contains($"{{{data}}}", StringComparison.Ordinal);

    private static Option<DirectoryInfo?> Folder(string name, string what) => new(name) { Description = $"{what}." };
}

/// <summary>The data of the tiny scale: the handwritten digits that come with the program, 20 per class, and pairs of them as multi-label images.</summary>
internal static class TinyImages
{
    public const string Name = "digits";

    private const int Side = Digits.Side;
    private const int OfClass = 20;

    /// <summary>
    /// A folder with <c>train.csv</c> and <c>test.csv</c> (ImagePath, relative to the folder, and Label), and <c>pairs-train.csv</c> and
    /// <c>pairs-test.csv</c>, with two labels separated by a semicolon.
    /// </summary>
    public static string In(DirectoryInfo parent)
    {
        string folder = Path.Combine(parent.FullName, Name);
        if (Directory.Exists(folder))
        {
            return folder;
        }

        // Written to a temporary folder and renamed, so that another process sees all files or none.
        string aside = Path.Combine(parent.FullName, $".{Name}-{Environment.ProcessId}");
        (string Part, byte[] Pixels, int Digit)[] digits =
        [
            .. Digits
                .Read()
                .GroupBy(digit => digit.Digit)
                .SelectMany(ofClass =>
                    ofClass.Take(2 * OfClass).Index().Select(digit => (digit.Index < OfClass ? "train" : "test", digit.Item.Pixels, digit.Item.Digit))
                ),
        ];
        foreach (IGrouping<string, (string, byte[] Pixels, int Digit)> part in digits.GroupBy(digit => digit.Part))
        {
            (string, byte[] Pixels, int Digit)[] all = [.. part];
            Write(aside, part.Key, all.Select(digit => (digit.Pixels, Side, Text(digit.Digit))));
            Write(
                aside,
                $"pairs-{part.Key}",
                all.Index()
                    .Select(digit =>
                    {
                        (string, byte[] Pixels, int Digit) left = digit.Item,
                            right = all[(digit.Index * 7 + 3) % all.Length];
                        return (
                            Beside(left.Pixels, right.Pixels),
                            2 * Side,
                            string.Join(';', new[] { left.Digit, right.Digit }.Distinct().Order().Select(Text))
                        );
                    })
            );
        }

        WriteObjects(Path.Combine(aside, "voc"), digits);
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

    private static void Write(string aside, string part, IEnumerable<(byte[] Pixels, int Width, string Label)> images)
    {
        Directory.CreateDirectory(Path.Combine(aside, part));
        List<string> lines = ["ImagePath,Label"];
        foreach ((int index, (byte[] pixels, int width, string label)) in images.Index())
        {
            string name = $"{part}/{Text(index)}.png";
            GrayImage.Save(Path.Combine(aside, name), pixels, width, Side);
            lines.Add($"{name},{label}");
        }

        File.WriteAllLines(Path.Combine(aside, $"{part}.csv"), lines);
    }

    // Two large digits on each image, in the layout of Pascal VOC. The names end as there; the decoder goes by the content.
    private static void WriteObjects(string root, (string Part, byte[] Pixels, int Digit)[] digits)
    {
        const int Images = 40;
        const int Large = 4 * Side;
        foreach (string name in new[] { "JPEGImages", "Annotations", "ImageSets/Main" })
        {
            Directory.CreateDirectory(Path.Combine(root, name));
        }

        foreach (IGrouping<string, (string, byte[] Pixels, int Digit)> part in digits.GroupBy(digit => digit.Part))
        {
            (string, byte[] Pixels, int Digit)[] all = [.. part];
            List<string> ids = [];
            for (int i = 0; i < Images; i++)
            {
                string id = $"{part.Key}{Text(i)}";
                ids.Add(id);
                byte[] pixels = new byte[4 * Large * Large];
                List<string> objects = [];
                foreach ((int column, (string, byte[] Pixels, int Digit) digit) in new[] { all[i], all[((i * 7) + 3) % all.Length] }.Index())
                {
                    (int left, int top) = (column * Large, ((i * 5) + (column * 11)) % (Large + 1));
                    for (int y = 0; y < Large; y++)
                    {
                        for (int x = 0; x < Large; x++)
                        {
                            pixels[((top + y) * 2 * Large) + left + x] = digit.Pixels[(y / 4 * Side) + (x / 4)];
                        }
                    }

                    objects.Add(
                        $"<object><name>{Text(digit.Digit)}</name><difficult>0</difficult><bndbox><xmin>{Text(left + 1)}</xmin><ymin>{Text(top + 1)}</ymin>"
                            + $"<xmax>{Text(left + Large)}</xmax><ymax>{Text(top + Large)}</ymax></bndbox></object>"
                    );
                }

                GrayImage.Save(Path.Combine(root, "JPEGImages", $"{id}.jpg"), pixels, 2 * Large, 2 * Large);
                File.WriteAllText(
                    Path.Combine(root, "Annotations", $"{id}.xml"),
                    $"<annotation><size><width>{Text(2 * Large)}</width><height>{Text(2 * Large)}</height><depth>1</depth></size>{string.Concat(objects)}</annotation>"
                );
            }

            File.WriteAllLines(Path.Combine(root, "ImageSets", "Main", $"{part.Key}.txt"), ids);
        }
    }

    private static byte[] Beside(byte[] left, byte[] right) => [.. left.Chunk(Side).Zip(right.Chunk(Side)).SelectMany(row => row.First.Concat(row.Second))];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
