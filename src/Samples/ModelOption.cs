using System.CommandLine;
using System.Reflection;
using Microsoft.ML;

namespace Samples;

/// <summary>A saved model on the command line.</summary>
internal static class ModelOption
{
    public static Option<FileInfo> Create() => new("--model") { Description = "The saved model, an ML.NET zip.", Required = true };

    /// <exception cref="InvalidDataException">The file is no model, or none that can be loaded.</exception>
    public static ITransformer Load(MLContext ml, FileInfo file, out DataViewSchema input)
    {
        if (!file.Exists)
        {
            throw new FileNotFoundException($"There is no model '{file.FullName}'.");
        }

        try
        {
            return ml.Model.Load(file.FullName, out input);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or InvalidOperationException or TargetInvocationException)
        {
            throw new InvalidDataException($"'{file.FullName}' cannot be loaded as a model: {ExitCode.Innermost(e).Message}", e);
        }
    }
}
