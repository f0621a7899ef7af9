using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.FeatureMining.Files;

namespace Samples;

/// <summary>A class that a model found in an image.</summary>
/// <param name="Class">The name of the class.</param>
/// <param name="Score">Its probability.</param>
/// <param name="Box">The box of an object: x0, y0, x1, y1 in pixels; empty for the class of the whole image.</param>
internal readonly record struct Prediction(string Class, float Score, params float[] Box);

/// <summary>Writes the predictions to the output, in one of several formats.</summary>
/// <param name="columns">The names of the score and of the numbers of the box.</param>
internal abstract class PredictionWriter(string[] columns)
{
    private const string Default = "text";

    private static readonly Dictionary<string, Func<string[], PredictionWriter>> All = new(StringComparer.Ordinal)
    {
        [Default] = columns => new Lines(columns),
        ["csv"] = columns => new Csv(columns),
        ["json"] = columns => new Json(columns),
    };

    /// <summary>The option <c>--format</c>.</summary>
    public static Option<string> CreateOption()
    {
        Option<string> format = new("--format") { Description = "How results are written.", DefaultValueFactory = _ => Default };
        format.AcceptOnlyFromAmong([.. All.Keys]);
        return format;
    }

    /// <param name="format">The value of <c>--format</c>.</param>
    /// <param name="columns">The names of the score and of the numbers of the box.</param>
    public static PredictionWriter Create(string format, params string[] columns) => All[format](columns);

    public virtual void Begin() { }

    public abstract void Write(string file, IReadOnlyList<Prediction> predictions);

    /// <summary>A file that has no prediction. The reason is on the error stream already.</summary>
    public virtual void Fail(string file, string cause) { }

    public virtual void End() { }

    protected string[] Columns => columns;

    /// <summary>The score in a format, then the pixels of the box.</summary>
    protected static IEnumerable<string> Numbers(Prediction prediction, string score) =>
        prediction
            .Box.Select(pixel => pixel.ToString("f1", CultureInfo.InvariantCulture))
            .Prepend(prediction.Score.ToString(score, CultureInfo.InvariantCulture));

    // The classes of an image are on one line; each object has a line.
    private sealed class Lines(string[] columns) : PredictionWriter(columns)
    {
        public override void Write(string file, IReadOnlyList<Prediction> predictions)
        {
            bool areObjects = Columns.Length > 1;
            string[] texts = [.. predictions.Select(entry => string.Join('\t', [TerminalText.Of(entry.Class), .. Numbers(entry, "p1")]))];
            string[] lines =
                !areObjects ? [string.Join('\t', texts)]
                : texts.Length == 0 ? ["no objects"]
                : texts;
            Array.ForEach(lines, line => Console.WriteLine($"{TerminalText.Of(file)}\t{line}"));
        }
    }

    private sealed class Csv(string[] columns) : PredictionWriter(columns)
    {
        public override void Begin() => Console.WriteLine($"file,rank,class,{string.Join(',', Columns)}");

        public override void Write(string file, IReadOnlyList<Prediction> predictions)
        {
            foreach ((int rank, Prediction entry) in predictions.Index())
            {
                string numbers = string.Join(',', Numbers(entry, "g6"));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{CsvText.Of(file)},{rank + 1},{CsvText.Of(entry.Class)},{numbers}"));
            }
        }
    }

    // One line per image, so that results appear while the others are scored.
    private sealed class Json(string[] columns) : PredictionWriter(columns)
    {
        private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

        private string _separator = "";

        public override void Begin() => Console.Write("[");

        public override void Write(string file, IReadOnlyList<Prediction> predictions) =>
            Write(new JsonObject { ["file"] = file, ["predictions"] = new JsonArray([.. predictions.Select(Entry)]) });

        public override void Fail(string file, string cause) => Write(new JsonObject { ["file"] = file, ["error"] = cause });

        public override void End() => Console.WriteLine($"{Environment.NewLine}]");

        private JsonObject Entry(Prediction prediction) =>
            new([
                KeyValuePair.Create<string, JsonNode?>("class", prediction.Class),
                .. Columns.Zip(prediction.Box.Prepend(prediction.Score)).Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.First, pair.Second)),
            ]);

        private void Write(JsonObject entry)
        {
            Console.Write($"{_separator}{Environment.NewLine}  {entry.ToJsonString(Readable)}");
            _separator = ",";
        }
    }
}
