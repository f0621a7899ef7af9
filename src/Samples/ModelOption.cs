using System.CommandLine;
using Microsoft.ML;

namespace Samples;

/// <summary>A saved model on the command line.</summary>
internal static class ModelOption
{
    public static Option<FileInfo> Create() => new("--model") { Description = "The saved model, an ML.NET zip.", Required = true };

    public static ITransformer Load(MLContext ml, FileInfo file, out DataViewSchema input) => file.Exists
        ? ml.Model.Load(file.FullName, out input)
        : throw new FileNotFoundException($"There is no model '{file.FullName}'.");
}
