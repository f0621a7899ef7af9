using System.Diagnostics;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Starts the test programs as separate processes.</summary>
internal static class Programs
{
    /// <summary>The dotnet executable.</summary>
    public static string Host { get; } = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";

    /// <summary>The arguments of <see cref="Host"/> that run a program.</summary>
    public static string[] Command(string name) => [Path.Combine(AppContext.BaseDirectory, "TestPrograms.dll"), name];

    public static Process Start(string name, string[] arguments, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(Host) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])[.. Command(name), .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string variable, string value) in environment)
        {
            start.Environment[variable] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs a program until it exits and returns its output lines.</summary>
    public static string[] Run(string name, string[] arguments, params (string Name, string Value)[] environment)
    {
        using Process process = Start(name, arguments, environment);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{name} exited with code {process.ExitCode}: {errors.Result}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
