using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Imaging;

namespace Samples;

/// <summary>The verb <c>detect predict</c>.</summary>
internal static class DetectPredictCommand
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public static Command Create()
    {
        Option<FileInfo> model = ModelOption.Create();
        Option<double> minScore = MinScoreOption.Create();
        Option<string> format = new("--format")
        {
            Description = "How results are written; json has one object per line and image.",
            DefaultValueFactory = _ => "text",
        };
        Option<DirectoryInfo?> folder = new("--folder") { Description = "Write each image with its objects drawn to this folder, as PNG." };
        Argument<string[]> images = new("images")
        {
            Description = "Image files, folders, and patterns such as 'street/*.jpg' or 'street/**/*.png'.",
            Arity = ArgumentArity.OneOrMore,
        };
        format.AcceptOnlyFromAmong("text", "csv", "json");
        Command command = new(
            "predict",
            "Finds the objects in images. As text, prints one line per object: file, class, score, x0, y0, x1, y1, separated by tabs."
        )
        {
            model,
            minScore,
            format,
            folder,
            images,
        };
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
                Run(
                    parsed.GetRequiredValue(model),
                    parsed.GetRequiredValue(images),
                    parsed.GetValue(minScore),
                    parsed.GetRequiredValue(format),
                    parsed.GetValue(folder)
                )
            )
        );
        return command;
    }

    private static int Run(FileInfo modelFile, string[] words, double minScore, string format, DirectoryInfo? folder)
    {
        OutputPath.TryFolder("--folder", folder);
        (string Path, string? Problem)[] files = [.. ImageFiles.Find(words)];
        MLContext ml = Session.Begin();
        ITransformer model = ModelOption.Load(ml, modelFile, out _);
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        bool failed = false;
        if (format == "csv")
        {
            Console.WriteLine("file,rank,class,score,x0,y0,x1,y1");
        }

        foreach ((string path, string? problem) in files)
        {
            try
            {
                DetectedObject[] found = problem is null ? Detect(ml, model, path, minScore) : throw new ImageDecodeException(problem);
                Write(format, path, found);
                if (folder is not null)
                {
                    string target = Path.Combine(folder.FullName, NewName(names, Path.GetFileNameWithoutExtension(path)));
                    File.WriteAllBytes(target, ml.ObjectDetection().DrawObjects(File.ReadAllBytes(path), found));
                }
            }
            catch (ImageDecodeException e)
            {
                failed = true;
                Console.Error.WriteLine($"error: {TerminalText.Of(path)}: {TerminalText.Of(e.Message)}");
            }
        }

        return failed ? ExitCode.Failure : ExitCode.Success;
    }

    // One image at a time, so that results appear at once and an unreadable image stops no other.
    private static DetectedObject[] Detect(MLContext ml, ITransformer model, string path, double minScore)
    {
        IDataView row = ml.Data.LoadFromEnumerable([new ImageFile { ImagePath = Path.GetFullPath(path) }]);
        return [.. ml.ObjectDetection().ReadObjects(model.Transform(row)).Single().Where(one => one.Score >= minScore)];
    }

    private static void Write(string format, string path, DetectedObject[] found)
    {
        if (format == "json")
        {
            Console.WriteLine(JsonSerializer.Serialize(new { File = path, Objects = found }, Readable));
            return;
        }

        foreach ((int rank, DetectedObject one) in found.Index())
        {
            Console.WriteLine(
                format == "csv"
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"{CsvText.Of(path)},{rank + 1},{CsvText.Of(one.Class)},{one.Score:g6},{one.Left:f1},{one.Top:f1},{one.Right:f1},{one.Bottom:f1}"
                    )
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{TerminalText.Of(path)}\t{TerminalText.Of(one.Class)}\t{one.Score:p1}\t{one.Left:f1}\t{one.Top:f1}\t{one.Right:f1}\t{one.Bottom:f1}"
                    )
            );
        }

        if (found.Length == 0 && format == "text")
        {
            Console.WriteLine($"{TerminalText.Of(path)}\tno objects");
        }
    }

    // Files of different folders may have the same name.
    private static string NewName(HashSet<string> taken, string name)
    {
        string unique = name;
        for (int i = 2; !taken.Add(unique); i++)
        {
            unique = string.Create(CultureInfo.InvariantCulture, $"{name}-{i}");
        }

        return unique + ".png";
    }

    private sealed class ImageFile
    {
        public string ImagePath { get; set; } = "";
    }
}
