using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Imaging;

namespace Benchmarks;

/// <summary>
/// How time and memory of a Fit and of scoring grow with the number of images, of classes, of pixels and of layers. Each point is a process of its own. The
/// exponent is the slope of log(value) over log(size): 1 is linear.
/// </summary>
internal static class Growth
{
    private const int Side = 8;

    /// <summary>Each quantity that grows, and its values. The images are Side x Side pixels and the network is cifar-resnet-8 where nothing else is said.</summary>
    private static readonly (string Axis, int[] Values)[] Axes =
    [
        ("images", [1_000, 10_000, 100_000, 1_000_000]),
        ("classes", [10, 100, 1_000, 10_000]),
        ("pixels", [32, 64, 128, 256, 512]),
        ("layers", [8, 20, 56, 110]),
    ];

    public static void Run(string only, int threads)
    {
        Console.WriteLine("axis,value,fit_s,score_s,peak_mib");
        foreach ((string axis, int[] values) in Axes.Where(axis => only is "" || only == axis.Axis))
        {
            List<double[]> points = [];
            foreach (int value in values)
            {
                string line = Child.Run("growth", "--axis", axis, "--value", $"{value}", "--threads", $"{threads}").Trim();
                Console.WriteLine($"{axis},{value},{line}");
                points.Add([value, .. line.Split(',').Select(text => double.Parse(text, CultureInfo.InvariantCulture))]);
            }

            string[] exponents = [.. Enumerable.Range(1, 3).Select(column => Slope(points, column).ToString("f2", CultureInfo.InvariantCulture))];
            Console.WriteLine($"{axis},exponent,{string.Join(',', exponents)}");
        }
    }

    /// <summary>Measures one point: the seconds of Fit and of scoring, and the peak working set in MiB.</summary>
    public static string One(string axis, int value)
    {
        (int images, int classes, int side, int layers) = axis switch
        {
            "images" => (value, 10, Side, 8),
            "classes" => (20_000, value, Side, 8),
            "pixels" => (64, 10, value, 8),
            "layers" => (4_096, 10, 32, value),
            _ => throw new ArgumentException($"Unknown axis '{axis}'."),
        };
        MLContext ml = new(seed: 1);
        IDataView rows = ml.Data.LoadFromEnumerable(Rows(images, classes, side));
        IDataView keyed = ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        FeatureMiningOptions options = new()
        {
            Backbone = $"cifar-resnet-{layers}",
            ImageHeight = side,
            ImageWidth = side,
            Epochs = 1,
            BatchSize = Math.Min(128, images / 8),
            Stages = 0,
        };
        long began = Stopwatch.GetTimestamp();
        ITransformer model = ml.MulticlassClassification.Trainers.FeatureMining(options).Fit(keyed);
        double fit = Stopwatch.GetElapsedTime(began).TotalSeconds;
        began = Stopwatch.GetTimestamp();
        IDataView scored = model.Transform(keyed);
        long count = 0;
        using (DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]))
        {
            ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
            VBuffer<float> score = default;
            while (cursor.MoveNext())
            {
                getter(ref score);
                count += score.Length;
            }
        }

        double scoring = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (count != (long)images * classes)
        {
            throw new InvalidOperationException("Rows are missing.");
        }

        return string.Create(CultureInfo.InvariantCulture, $"{fit:f3},{scoring:f3},{PeakMemory.Mebibytes}");
    }

    // A few different images; a row holds a reference to one of them, so that the memory is that of the library.
    private static IEnumerable<Row> Rows(int count, int classes, int side)
    {
        byte[][] files = [.. Enumerable.Range(0, 16).Select(seed => Encoded(side, seed))];
        return Enumerable.Range(0, count).Select(i => new Row { Image = files[i % files.Length], Label = $"class {i % classes}" });
    }

    private static byte[] Encoded(int side, int seed)
    {
        byte[] pixels = new byte[3 * side * side];
        new Random(seed).NextBytes(pixels);
        return ImageCodec.EncodePng(pixels, side, side);
    }

    private static double Slope(List<double[]> points, int column)
    {
        double[] x = [.. points.Select(point => Math.Log(point[0]))];
        double[] y = [.. points.Select(point => Math.Log(point[column]))];
        (double mx, double my) = (x.Average(), y.Average());
        return x.Zip(y, (a, b) => (a - mx) * (b - my)).Sum() / x.Sum(a => (a - mx) * (a - mx));
    }

    private sealed class Row
    {
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";
    }
}
