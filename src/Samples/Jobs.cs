using System.Collections.Concurrent;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;

namespace Samples;

/// <summary>
/// The options <c>--jobs</c> and <c>--slurm</c>, of verbs whose processes share a folder: the same command is started several times, and each process takes
/// what no other one is doing.
/// </summary>
internal sealed class Jobs
{
    private const int UsualTasks = 4;
    private const string DryRun = "--dry-run";

    // Longer than a step of training, after which a process that got Ctrl-C too ends by itself.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private readonly Option<int?> _jobs = new("--jobs")
    {
        Description = $"Start this many processes at once, which share the work; with --slurm, tasks of the job array (default 1, with --slurm {UsualTasks}).",
    };
    private readonly Option<string?> _slurm = new("--slurm")
    {
        Description =
            "Submit the work to Slurm as a job array, with these options of sbatch as one text: \"--partition=gpu --time=2:00:00 --gres=gpu:1\". "
            + "With --dry-run, only print the script.",
    };
    private readonly string[] _onlyOnce;

    /// <param name="onlyOnce">Options of results that one process writes when all work is done.</param>
    public Jobs(params string[] onlyOnce)
    {
        _onlyOnce = onlyOnce;
        _jobs.Between(1, 10_000);
        _slurm.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.AsSpan().IndexOfAny('\r', '\n') >= 0))
            {
                result.AddError("--slurm: write the options of sbatch in one line.");
            }
        });
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_jobs);
        command.Options.Add(_slurm);
    }

    /// <summary>Whether the work goes to Slurm.</summary>
    public bool IsSlurm(ParseResult parsed) => parsed.GetValue(_slurm) is not null;

    /// <summary>CPU threads of each process: a share of the cores; null if the command line has a number, or this process works alone.</summary>
    public int? Threads(ParseResult parsed, Option threads) =>
        parsed.GetResult(threads) is { Implicit: false } || IsSlurm(parsed) || parsed.GetValue(_jobs) is null or 1
            ? null
            : Math.Max(1, Environment.ProcessorCount / parsed.GetValue(_jobs)!.Value);

    /// <summary>Submits the work to Slurm, or prints the script.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="folder">The folder that the processes share.</param>
    /// <param name="isDry">Whether to print the script only.</param>
    /// <param name="after">What the user does when the array has ended.</param>
    /// <exception cref="InvalidOperationException">There is no sbatch, or it failed.</exception>
    public int Submit(ParseResult parsed, DirectoryInfo folder, bool isDry, string after)
    {
        string logs = Path.Combine(folder.FullName, "slurm");
        // A line of the script, in quotes.
        if (logs.AsSpan().IndexOfAny('\r', '\n', '"') >= 0)
        {
            throw new ArgumentException($"Slurm cannot write logs to '{logs}': the name has a quote or a line break. Choose another folder.");
        }

        string script = Script(parsed, logs);
        if (isDry)
        {
            Console.Write(script);
            return ExitCode.Success;
        }

        // Slurm does not create the folder of the logs.
        Directory.CreateDirectory(logs);
        string file = Path.Combine(logs, "job.sh");
        File.WriteAllText(file, script);
        string id = Slurm.Submit(file);
        Console.WriteLine($"Submitted job array {id}; script and logs are in {logs}. {after}");
        return ExitCode.Success;
    }

    /// <summary>Runs the work in several processes on this machine, if the command line says so. When they have ended, this process sums up.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="threads">CPU threads of each; null as the command line says.</param>
    /// <param name="isShown">Whether a line of their output is shown.</param>
    /// <param name="token">Ends the processes.</param>
    /// <returns>An exit code if the command line is wrong; null if this process continues.</returns>
    public int? Run(ParseResult parsed, int? threads, Func<string, bool> isShown, CancellationToken token)
    {
        if (parsed.GetValue(_jobs) is not { } count || count == 1)
        {
            return null;
        }

        string[] words = [.. Words(parsed), .. threads is { } share ? new[] { "--threads", share.ToString(CultureInfo.InvariantCulture) } : []];
        ConcurrentDictionary<string, bool> complaints = new(StringComparer.Ordinal);
        Process[] processes = [.. Enumerable.Range(0, count).Select(_ => Start(words, isShown, complaints))];
        try
        {
            Task all = Task.WhenAll(processes.Select(process => process.WaitForExitAsync(CancellationToken.None)));
            Task.WaitAny([all, Task.Delay(Timeout.Infinite, token)], CancellationToken.None);
            all.Wait(Grace, CancellationToken.None);
            return Array.Exists(processes, process => process is { HasExited: true, ExitCode: ExitCode.Usage }) ? ExitCode.Usage : null;
        }
        finally
        {
            foreach (Process process in processes)
            {
                if (!process.HasExited)
                {
                    process.Kill();
                }

                process.Dispose();
            }
        }
    }

    private static Process Start(string[] words, Func<string, bool> isShown, ConcurrentDictionary<string, bool> complaints)
    {
        string[] program = OwnProgram();
        ProcessStartInfo start = new(program[0], [.. program[1..], .. words]) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Show(Console.Out, line.Data, isShown);
        // What all of them complain of is shown once.
        process.ErrorDataReceived += (_, line) => Show(Console.Error, line.Data, text => complaints.TryAdd(text, true));
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static void Show(TextWriter writer, string? line, Func<string, bool> isShown)
    {
        if (line is not null && isShown(line))
        {
            writer.WriteLine(line);
        }
    }

    // 'dotnet Samples.dll', or the file of the program itself.
    private static string[] OwnProgram() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? [Environment.ProcessPath!, typeof(Program).Assembly.Location]
            : [Environment.ProcessPath!];

    private string Script(ParseResult parsed, string logs)
    {
        string options = parsed.GetValue(_slurm)!;
        string verb = parsed.CommandResult.Command.Name;
        string tasks = (parsed.GetValue(_jobs) ?? UsualTasks).ToString(CultureInfo.InvariantCulture);
        string[] lines =
        [
            "#!/bin/bash",
            $"#SBATCH --job-name={verb}",
            $"#SBATCH --array=1-{tasks}",
            $"#SBATCH --output=\"{logs}/%A_%a.log\"",
            "#SBATCH --requeue",
            "#SBATCH --signal=B:TERM@60",
            // Of two options of the same name, the later one counts.
            .. string.IsNullOrWhiteSpace(options) ? Array.Empty<string>() : [$"#SBATCH {options}"],
            $"exec {string.Join(' ', OwnProgram().Concat(Words(parsed)).Select(ShellText.Of))}",
        ];
        return string.Concat(lines.Select(line => $"{line}\n"));
    }

    // The command line without what only the process that starts the others does.
    private IEnumerable<string> Words(ParseResult parsed)
    {
        int values = 0;
        foreach (Token token in parsed.Tokens)
        {
            if (token.Type == TokenType.Option && Option(token.Value) is { } option)
            {
                values = parsed.GetResult(option)!.Tokens.Count;
            }
            else if (token.Type == TokenType.Argument && values > 0)
            {
                values--;
            }
            else
            {
                yield return token.Value;
            }
        }

        Option? Option(string name) =>
            name == _jobs.Name || name == _slurm.Name || name == DryRun || _onlyOnce.Contains(name)
                ? parsed.CommandResult.Command.Options.First(option => option.Name == name)
                : null;
    }
}

/// <summary>The workload manager Slurm.</summary>
internal static class Slurm
{
    /// <summary>Whether this process is a task of a job array.</summary>
    public static bool IsArrayTask => Environment.GetEnvironmentVariable("SLURM_ARRAY_TASK_ID") is not null;

    /// <summary>Submits a script, and gives the number of the job.</summary>
    /// <exception cref="InvalidOperationException">There is no sbatch, or it refused the script; the message has its reason.</exception>
    public static string Submit(string script)
    {
        ProcessStartInfo start = new("sbatch", ["--parsable", script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process sbatch = Process.Start(start)!;
            Task<string> error = sbatch.StandardError.ReadToEndAsync();
            string output = sbatch.StandardOutput.ReadToEnd();
            sbatch.WaitForExit();
            return sbatch.ExitCode == 0
                ? output.Trim().Split('\n')[^1].Split(';')[0]
                : throw new InvalidOperationException($"sbatch did not take the job '{script}': {error.Result.Trim()}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException(
                "There is no 'sbatch' here. Run --slurm on a machine that submits jobs to Slurm; --dry-run prints the script, and --jobs alone starts processes "
                    + "here.",
                e
            );
        }
    }
}
