using System.CommandLine;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Samples;

/// <summary>The verb <c>predict</c>.</summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        Option<FileInfo> model = ModelOption.CreateForScoring();
        Option<int> top = new("--top") { Description = "The N most probable classes of each image.", DefaultValueFactory = _ => 1 };
        Option<string> format = PredictionWriter.CreateOption();
        Option<bool> show = new("--show") { Description = "Draw each image on the terminal." };
        Option<string?> shard = Shard.CreateOption();
        Argument<string[]> images = new("images")
        {
            Description = "Image files, folders, tar files, and patterns such as 'birds/*.jpg', 'birds/**/*.png' or 'birds-{00..31}.tar'.",
            Arity = ArgumentArity.OneOrMore,
        };
        top.Between(1, int.MaxValue);
        Command command = new("predict", "Classifies images. As text, prints one line per image: file, class, probability, separated by tabs.")
        {
            model,
            top,
            format,
            show,
            shard,
            images,
        };
        MachineOptions machine = new();
        machine.AddTo(command);
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                PredictionWriter writer = PredictionWriter.Create(parsed.GetRequiredValue(format), "probability");
                FileInfo modelFile = parsed.GetRequiredValue(model);
                MLContext ml = machine.Begin(parsed, modelFile);
                (string Path, string? Problem)[] files =
                [
                    .. parsed.GetRequiredValue(images).SelectMany(word => TarImages.IsTar(word) ? TarImages.Find(ml, word) : ImageFiles.Find([word])),
                ];
                files = Shard.Of(parsed.GetValue(shard))?.Take(files) ?? files;
                return Run(ml, modelFile, files, parsed.GetValue(top), parsed.GetValue(show), writer);
            })
        );
        return command;
    }

    private static int Run(MLContext ml, FileInfo modelFile, (string Path, string? Problem)[] files, int top, bool show, PredictionWriter writer)
    {
        ITransformer model = ModelOption.LoadForScoring(ml, modelFile, out DataViewSchema input);
        string[] good = [.. files.Where(file => file.Problem is null).Select(file => file.Path)];
        IDataView scored = model.Transform(UnlabeledImages.Load(ml, [.. good.Select(TarImages.FullPath)], input));
        string[] classes = ClassNames.Of(scored.Schema["Score"]);
        using IEnumerator<float[]> scores = (good.Length > 0 ? scored.GetColumn<float[]>("Score") : []).GetEnumerator();
        bool failed = false;
        writer.Begin();
        foreach ((string path, string? problem) in files)
        {
            string name = TarImages.NameOf(path);
            float[] ofImage = problem is null && scores.MoveNext() ? scores.Current : [];
            if (problem is not null || float.IsNaN(ofImage[0]))
            {
                failed = true;
                string cause = problem ?? CauseOf(ml, path);
                Console.Error.WriteLine($"error: {TerminalText.Of(name)}: {TerminalText.Of(cause)}");
                writer.Fail(name, cause);
                continue;
            }

            if (show)
            {
                TerminalImage.Draw(path);
            }

            writer.Write(
                name,
                [.. ofImage.Index().OrderByDescending(entry => entry.Item).Take(top).Select(entry => new Prediction(classes[entry.Index], entry.Item))]
            );
        }

        writer.End();
        return failed ? ExitCode.Failure : ExitCode.Success;
    }

    // Scoring gives an unreadable image NaN, and no reason.
    private static string CauseOf(MLContext ml, string path) =>
        ml.Data.InspectImages(ml.Data.LoadFromEnumerable([new ImageFile { ImagePath = path }])).Unreadable.Select(image => image.Cause).FirstOrDefault()
        ?? "the model's score is not a number";

    private sealed class ImageFile
    {
        public string ImagePath { get; set; } = "";
    }
}

/// <summary>Draws an image with characters: on a terminal in color, two pixels per cell; elsewhere in shades of gray.</summary>
internal static class TerminalImage
{
    private const int MaxSide = 32;
    private const string Shades = " .:-=+*#%@";

    public static void Draw(string path)
    {
        using MemoryStream bytes = new(TarImages.ReadAny(path));
        using MLImage image = MLImage.CreateFromStream(bytes);
        int step = Math.Max(1, (Math.Max(image.Width, image.Height) + MaxSide - 1) / MaxSide);
        StringBuilder text = new();
        bool color = !Console.IsOutputRedirected;
        for (int y = 0; y < image.Height / step; y += color ? 2 : 1)
        {
            for (int x = 0; x < image.Width / step; x++)
            {
                (byte r, byte g, byte b) = Pixel(image, x * step, y * step);
                if (color)
                {
                    (byte r2, byte g2, byte b2) = Pixel(image, x * step, Math.Min((y + 1) * step, image.Height - 1));
                    text.Append($"\u001b[38;2;{r};{g};{b}m\u001b[48;2;{r2};{g2};{b2}m▀");
                }
                else
                {
                    text.Append(Shades[(r + g + b) * (Shades.Length - 1) / (3 * 255)], 2);
                }
            }

            text.AppendLine(color ? "\u001b[0m" : "");
        }

        Console.Write(text);
    }

    private static (byte R, byte G, byte B) Pixel(MLImage image, int x, int y)
    {
        ReadOnlySpan<byte> pixel = image.Pixels.Slice((y * image.Width + x) * 4, 4);
        return image.PixelFormat == MLPixelFormat.Bgra32 ? (pixel[2], pixel[1], pixel[0]) : (pixel[0], pixel[1], pixel[2]);
    }
}
