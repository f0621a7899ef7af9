using System.CommandLine;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Samples;

/// <summary>The verb <c>predict</c>.</summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        Option<FileInfo> model = ModelOption.Create();
        Option<int> top = new("--top") { Description = "How many classes to name for each picture.", DefaultValueFactory = _ => 1 };
        Option<bool> show = new("--show") { Description = "Draw each picture on the terminal." };
        Argument<FileInfo[]> pictures = new("pictures") { Description = "Picture files.", Arity = ArgumentArity.OneOrMore };
        Command command = new("predict", "Names what is on pictures: file, class, probability, a line each, tab-separated.") { model, top, show, pictures };
        command.SetAction(parsed => ExitCode.Guard(() =>
            Run(parsed.GetRequiredValue(model), parsed.GetRequiredValue(pictures), Math.Max(1, parsed.GetValue(top)), parsed.GetValue(show))));
        return command;
    }

    private static int Run(FileInfo modelFile, FileInfo[] files, int top, bool show)
    {
        if (files.FirstOrDefault(file => !file.Exists) is { } missing)
        {
            throw new FileNotFoundException($"There is no picture '{missing.FullName}'.");
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

            IEnumerable<string> named = scores.Index().OrderByDescending(entry => entry.Item).Take(top)
                .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{classes[entry.Index]}\t{entry.Item:p1}"));
            Console.WriteLine($"{file}\t{string.Join('\t', named)}");
        }

        return ExitCode.Success;
    }
}
