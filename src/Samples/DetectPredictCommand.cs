using System.CommandLine;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Imaging;

namespace Samples;

/// <summary>The verb <c>detect predict</c>.</summary>
internal static class DetectPredictCommand
{
    public static Command Create()
    {
        Option<FileInfo> model = ModelOption.Create();
        Option<double> minScore = MinScoreOption.Create();
        Option<string> format = PredictionWriter.CreateOption();
        Option<DirectoryInfo?> folder = new("--folder") { Description = "Write each image with its objects drawn to this folder, as PNG." };
        Argument<string[]> images = new("images")
        {
            Description = "Image files, folders, and patterns such as 'street/*.jpg' or 'street/**/*.png'.",
            Arity = ArgumentArity.OneOrMore,
        };
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
        MachineOptions machine = new();
        machine.AddTo(command);
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
                Run(
                    () => machine.Begin(parsed, parsed.GetRequiredValue(model)),
                    parsed.GetRequiredValue(model),
                    parsed.GetRequiredValue(images),
                    parsed.GetValue(minScore),
                    PredictionWriter.Create(parsed.GetRequiredValue(format), "score", "x0", "y0", "x1", "y1"),
                    parsed.GetValue(folder)
                )
            )
        );
        return command;
    }

    private static int Run(Func<MLContext> begin, FileInfo modelFile, string[] words, double minScore, PredictionWriter writer, DirectoryInfo? folder)
    {
        OutputPath.TryFolder("--folder", folder);
        (string Path, string? Problem)[] files = [.. ImageFiles.Find(words)];
        HashSet<string> inputs = new(files.Select(file => OutputPath.Identity(new FileInfo(file.Path))), StringComparer.Ordinal);
        MLContext ml = begin();
        // Whatever the detector was trained with: an image that cannot be read is no image without objects.
        ITransformer model = ml.Model.WithUnreadableImages(ModelOption.Load(ml, modelFile, out _), UnreadableImageBehavior.Throw);
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        bool failed = false;
        writer.Begin();
        foreach ((string path, string? problem) in files)
        {
            try
            {
                DetectedObject[] found = problem is null ? Detect(ml, model, path, minScore) : throw new ImageDecodeException(problem);
                if (folder is not null)
                {
                    string target = Path.Combine(folder.FullName, NewName(names, Path.GetFileNameWithoutExtension(path)));
                    if (inputs.Contains(OutputPath.Identity(new FileInfo(target))))
                    {
                        throw new ArgumentException($"--folder: the drawing '{target}' would replace an image that is read. Choose another folder.");
                    }

                    OutputFile.Write(target, ml.ObjectDetection().DrawObjects(File.ReadAllBytes(path), found));
                }

                writer.Write(path, [.. found.Select(one => new Prediction(one.Class, one.Score, one.Left, one.Top, one.Right, one.Bottom))]);
            }
            catch (ImageDecodeException e)
            {
                failed = true;
                Console.Error.WriteLine($"error: {TerminalText.Of(path)}: {TerminalText.Of(e.Message)}");
                writer.Fail(path, e.Message);
            }
        }

        writer.End();
        return failed ? ExitCode.Failure : ExitCode.Success;
    }

    // One image at a time, so that results appear at once and an unreadable image stops no other.
    private static DetectedObject[] Detect(MLContext ml, ITransformer model, string path, double minScore)
    {
        IDataView row = ml.Data.LoadFromEnumerable([new ImageFile { ImagePath = Path.GetFullPath(path) }]);
        return [.. ml.ObjectDetection().ReadObjects(model.Transform(row)).Single().Where(one => one.Score >= minScore)];
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
