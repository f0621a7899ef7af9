using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>A test program that was started: one process, or the ranks of mpirun; and what it has written so far.</summary>
internal sealed class StartedProgram : IDisposable
{
    public const string OpenMpi = "mpirun.openmpi";

    private readonly Process _process;
    private readonly List<string> _lines = [];

    private StartedProgram(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The longest time that a test waits for a program.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(10);

    public string Text
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public bool HasEnded => _process.HasExited;

    /// <summary>Skips the test if the launcher is not installed.</summary>
    public static void Require(string launcher) =>
        Skip.IfNot(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, launcher))),
            $"{launcher} is not installed; on Debian, install {(launcher == OpenMpi ? "openmpi-bin" : "mpich")}."
        );

    /// <summary>Starts one process.</summary>
    public static StartedProgram Start(string name, string[] arguments, params (string Name, string Value)[] environment) =>
        StartCommand(Programs.Host, [.. Programs.Command(name), .. arguments], environment);

    /// <summary>Starts the ranks of a job. Skips the test if the launcher is not installed.</summary>
    public static StartedProgram StartRanks(string launcher, int world, string name, string[] arguments, params (string Name, string Value)[] environment)
    {
        Require(launcher);
        // Tests run beside other processes, on few cores.
        string[] settings = launcher == OpenMpi ? ["--oversubscribe", "--bind-to", "none"] : [];
        string ranks = world.ToString(CultureInfo.InvariantCulture);
        return StartCommand(
            launcher,
            [.. settings, "-n", ranks, Programs.Host, .. Programs.Command(name), .. arguments],
            [
                ("OMP_NUM_THREADS", "1"),
                // Containers run as root.
                ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
                ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
                // Containers may not read the memory of other processes.
                ("OMPI_MCA_btl_vader_single_copy_mechanism", "none"),
                .. environment,
            ]
        );
    }

    /// <summary>The number of a process, which each rank prints first; null if it has not yet.</summary>
    public int? ProcessOf(int rank) =>
        Regex.Match(Text, $@"rank {rank} of \d+: process (\d+)") is { Success: true } match
            ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : null;

    /// <summary>Waits for the end and returns the exit code.</summary>
    public int End()
    {
        Assert.True(_process.WaitForExit(Patience), Text);
        _process.WaitForExit();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static StartedProgram StartCommand(string program, string[] arguments, (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string variable, string value) in environment)
        {
            start.Environment[variable] = value;
        }

        return new StartedProgram(Process.Start(start)!);
    }

    private void Add(string? line)
    {
        if (line is not null)
        {
            lock (_lines)
            {
                _lines.Add(line);
            }
        }
    }
}
