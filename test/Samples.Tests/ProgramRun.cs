using System.Diagnostics;

namespace Samples.Tests;

/// <summary>Runs the programs that lie beside the tests.</summary>
internal static class ProgramRun
{
    public static Process Start(string program, string folder, params string[] arguments) => Start(program, folder, [], arguments);

    private static Process Start(string program, string folder, Dictionary<string, string> variables, string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{program}.dll"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Test classes run in parallel.
        start.Environment["OMP_NUM_THREADS"] = "1";
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs a program to its end.</summary>
    public static (int Code, string Output, string Error) ToEnd(string program, string folder, params string[] arguments) =>
        ToEnd(program, folder, [], arguments);

    /// <summary>Runs a program to its end, with environment variables.</summary>
    public static (int Code, string Output, string Error) ToEnd(string program, string folder, Dictionary<string, string> variables, params string[] arguments)
    {
        using Process process = Start(program, folder, variables, arguments);
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    /// <summary>Runs a program that must succeed, and gives the lines of its output.</summary>
    public static string[] Lines(string program, string folder, params string[] arguments)
    {
        (int code, string output, string error) = ToEnd(program, folder, arguments);
        Assert.True(code == 0, $"{program} ended with {code}: {error}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
