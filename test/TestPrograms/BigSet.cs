using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;

namespace TestPrograms;

/// <summary>
/// BigSet ROWS BUDGET STORAGE [FOLDER]: reads generated images of 32x32 as Fit does, stores them by STORAGE within BUDGET bytes (permanently in FOLDER, if
/// given), and makes one pass over all of them in random order. Prints the size of the decoded set in bytes, the milliseconds for each tenth of the pass, and
/// the peak resident memory of the process in bytes.
/// </summary>
internal static class BigSet
{
    private const int Side = 32,
        Header = 54,
        Batch = 100;

    public static void Run(string[] args)
    {
        int count = int.Parse(args[0], CultureInfo.InvariantCulture);
        StorageSettings storage = new()
        {
            MemoryBudget = long.Parse(args[1], CultureInfo.InvariantCulture),
            Storage = Enum.Parse<ImageStorage>(args[2]),
            CacheFolder = args.Length > 3 ? args[3] : null,
        };
        IDataView rows = new MLContext().Data.LoadFromEnumerable(
            Enumerable.Range(0, count).Select(i => new Row { Label = (uint)(i % Row.Classes), Image = Bitmap(i) })
        );
        LabeledRows labeled = new(
            rows,
            KeyLabelColumn.Bind(rows.Schema, nameof(Row.Label)),
            ImageColumn.Bind(rows.Schema, nameof(Row.Image), new ImagePreprocessing { Shape = new ImageShape(3, Side, Side) }, ImageCodec.DefaultMaxPixels),
            () => { }
        );
        using ImageSet set = new ImageSetReader(UnreadableImageBehavior.Throw, storage, Console.WriteLine).Read(labeled).Images;
        _ = set.Statistics;
        Console.WriteLine($"set {(long)set.Count * set.Shape.Length}");

        int[] order = set.DrawOrder(new RandomStream(1, "shuffle"));
        (int seen, int tenths, long began) = (0, 0, Stopwatch.GetTimestamp());
        foreach (HostBatch batch in BatchLoader.Load(set, order, Batch))
        {
            using HostBatch done = batch;
            for (int i = 0; i < batch.Count; i++)
            {
                // The first pixel has the number of the image; bitmaps store blue first, planar images last.
                int at = i * set.Shape.Length;
                int number = batch.Pixels[at + (2 * Side * Side)] | (batch.Pixels[at + (Side * Side)] << 8) | (batch.Pixels[at] << 16);
                if (number != order[seen + i] || batch.Labels[i] != number % Row.Classes)
                {
                    throw new InvalidDataException($"Expected image {order[seen + i]}, but got image {number} of class {batch.Labels[i]}.");
                }
            }
            seen += batch.Count;
            if (seen >= (tenths + 1) * (count / 10))
            {
                tenths++;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"tenth {Stopwatch.GetElapsedTime(began).TotalMilliseconds:f0}"));
                began = Stopwatch.GetTimestamp();
            }
        }
        using Process process = Process.GetCurrentProcess();
        Console.WriteLine($"resident {process.PeakWorkingSet64}");
    }

    // A bitmap stores its rows from the bottom up.
    private static byte[] Bitmap(int number)
    {
        byte[] file = new byte[Header + (Side * Side * 3)];
        "BM"u8.CopyTo(file);
        BitConverter.TryWriteBytes(file.AsSpan(2), file.Length);
        BitConverter.TryWriteBytes(file.AsSpan(10), Header);
        BitConverter.TryWriteBytes(file.AsSpan(14), Header - 14);
        BitConverter.TryWriteBytes(file.AsSpan(18), Side);
        BitConverter.TryWriteBytes(file.AsSpan(22), Side);
        BitConverter.TryWriteBytes(file.AsSpan(26), (1 << 0) | (24 << 16));
        file.AsSpan(Header).Fill((byte)(number * 7));
        BitConverter.TryWriteBytes(file.AsSpan(Header + ((Side - 1) * Side * 3)), number & 0xFF_FFFF);
        return file;
    }

    private sealed class Row
    {
        public const int Classes = 10;

        [KeyType(Classes)]
        public uint Label { get; set; }

        public byte[] Image { get; set; } = [];
    }
}
