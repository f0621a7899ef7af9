using System.CommandLine;
using System.CommandLine.Parsing;
using Samples.Reproduce;

namespace Samples;

/// <summary>The program's verbs.</summary>
internal static class CommandLine
{
    /// <summary>Runs one verb.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] arguments)
    {
        RootCommand root = new("Image classification with ML.NET and TorchSharp: trains from a folder of pictures, measures, predicts.")
        {
            TrainCommand.Create(),
            EvaluateCommand.Create(),
            PredictCommand.Create(),
            EnsembleCommand.Create(),
            ExplainCommand.Create(),
            ExportCommand.Create(),
            SweepCommand.Create(),
            ReproduceCommand.Create(Run),
            InspectCommand.Create(),
            DownloadCommand.Create(),
            DigitsCommand.Create(),
        };
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (ParseError error in parsed.Errors)
            {
                Console.Error.WriteLine($"error: {error.Message}");
            }

            Console.Error.WriteLine($"'{parsed.CommandResult.Command.Name} --help' tells what there is.");
            return ExitCode.Usage;
        }

        return parsed.Invoke();
    }
}
