using System.CommandLine;
using Samples;

RootCommand root = new("Image classification with ML.NET and TorchSharp: trains from a folder of pictures, measures, predicts.")
{
    TrainCommand.Create(),
    EvaluateCommand.Create(),
    PredictCommand.Create(),
    EnsembleCommand.Create(),
    ExplainCommand.Create(),
    ExportCommand.Create(),
    SweepCommand.Create(),
    InspectCommand.Create(),
    DownloadCommand.Create(),
    DigitsCommand.Create(),
};
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
    {
        Console.Error.WriteLine($"error: {error.Message}");
    }

    Console.Error.WriteLine($"'{parsed.CommandResult.Command.Name} --help' tells what there is.");
    return ExitCode.Usage;
}

return parsed.Invoke();
