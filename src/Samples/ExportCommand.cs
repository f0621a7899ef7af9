using System.CommandLine;
using Microsoft.ML;

namespace Samples;

/// <summary>The verb <c>export</c>.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        Option<FileInfo> model = ModelOption.Create();
        Option<DirectoryInfo> folder = new("--out") { Description = "Write to this folder.", Required = true };
        Command command = new("export", "Writes the weights of a model as safetensors, with PyTorch's names, and its manifest as JSON.") { model, folder };
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                OutputPath.TryFolder("--out", parsed.GetValue(folder));
                MLContext ml = Session.Begin();
                string target = parsed.GetRequiredValue(folder).FullName;
                ml.Model.ExportImageModel(ModelOption.Load(ml, parsed.GetRequiredValue(model), out _), target);
                Console.WriteLine($"Wrote {string.Join(" and ", Directory.GetFiles(target).Select(Path.GetFileName).Order())} in {target}.");
                return ExitCode.Success;
            })
        );
        return command;
    }
}
