using System.CommandLine;
using System.Globalization;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Samples;

/// <summary>The verb <c>predict</c>.</summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        Option<FileInfo> model = ModelOption.Create();
        Option<int> top = new("--top") { Description = "Print the N most probable classes of each image.", DefaultValueFactory = _ => 1 };
        Option<bool> show = new("--show") { Description = "Draw each image on the terminal." };
        Argument<FileInfo[]> images = new("images") { Description = "Image files.", Arity = ArgumentArity.OneOrMore };
        Command command = new("predict", "Classifies images. Prints one line per image: file, class, probability, separated by tabs.")
        {
            model,
            top,
            show,
            images,
        };
        command.SetAction(parsed =>
            ExitCode.Guard(() => Run(parsed.GetRequiredValue(model), parsed.GetRequiredValue(images), Math.Max(1, parsed.GetValue(top)), parsed.GetValue(show)))
        );
        return command;
    }

    private static int Run(FileInfo modelFile, FileInfo[] files, int top, bool show)
    {
        if (files.FirstOrDefault(file => !file.Exists) is { } missing)
        {
            throw new FileNotFoundException($"The image '{missing.FullName}' does not exist.");
        }

        MLContext ml = Session.Begin();
        ITransformer model = ModelOption.Load(ml, modelFile, out DataViewSchema input);
        IDataView scored = model.Transform(UnlabeledImages.Load(ml, files.Select(file => file.FullName), input));
        string[] classes = ClassNames.Of(scored.Schema["Score"]);
        foreach ((FileInfo file, float[] scores) in files.Zip(scored.GetColumn<float[]>("Score")))
        {
            if (show)
            {
                TerminalImage.Draw(file);
            }

            IEnumerable<string> named = scores
                .Index()
                .OrderByDescending(entry => entry.Item)
                .Take(top)
                .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{classes[entry.Index]}\t{entry.Item:p1}"));
            Console.WriteLine($"{file}\t{string.Join('\t', named)}");
        }

        return ExitCode.Success;
    }
}

/// <summary>Draws an image with characters: on a terminal in color, two pixels per cell; elsewhere in shades of gray.</summary>
internal static class TerminalImage
{
    private const int MaxSide = 32;
    private const string Shades = " .:-=+*#%@";

    public static void Draw(FileInfo file)
    {
        using MLImage image = MLImage.CreateFromFile(file.FullName);
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
