using System.Diagnostics;

namespace Benchmarks;

/// <summary>A process of this program, for what cannot be measured twice in one process: peak memory, and settings that libtorch reads when it is loaded.</summary>
internal static class Child
{
    private static readonly Dictionary<string, string> None = [];

    /// <summary>Runs a command and returns what it printed.</summary>
    public static string Run(params string[] arguments) => Run(None, arguments);

    /// <summary>The same with other environment variables.</summary>
    public static string Run(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using Process process = Start(environment, arguments);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with {process.ExitCode}.");
    }

    public static Process Start(params string[] arguments) => Start(None, arguments);

    public static Process Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        ProcessStartInfo start = StartInfo(arguments);
        start.RedirectStandardOutput = true;
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public static ProcessStartInfo StartInfo(params string[] arguments)
    {
        string program = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return new ProcessStartInfo(program, isHost ? [typeof(Child).Assembly.Location, .. arguments] : arguments);
    }
}
