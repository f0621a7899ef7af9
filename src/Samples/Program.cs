using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;
using Samples.Reproduce;
using static TorchSharp.torch;

namespace Samples;

/// <summary>The command line: one verb per file.</summary>
internal static class Program
{
    // In the order of the help. A verb is made only when it is called: its options come from the library's catalogs, which takes time.
    private static readonly (string Name, Func<Command> Create)[] Verbs =
    [
        ("train", TrainCommand.Create),
        ("evaluate", EvaluateCommand.Create),
        ("predict", PredictCommand.Create),
        ("ensemble", EnsembleCommand.Create),
        ("calibrate", CalibrateCommand.Create),
        ("detect", DetectCommand.Create),
        ("explain", ExplainCommand.Create),
        ("export", ExportCommand.Create),
        ("sweep", SweepCommand.Create),
        ("reproduce", () => ReproduceCommand.Create(Enter)),
        ("inspect", InspectCommand.Create),
        ("download", DownloadCommand.Create),
        ("digits", DigitsCommand.Create),
    ];

    public static int Main(string[] arguments)
    {
        ConsoleText.Open();
        RankOutput.Begin();
        return ConsoleText.Close(Enter(arguments));
    }

    /// <summary>Runs a command line, which may be a part of another one's work.</summary>
    private static int Enter(string[] arguments)
    {
        if (arguments.Length == 0 || HelpPage.IsWanted(arguments[0]))
        {
            Console.Out.Write(HelpPage.OfProgram());
            return arguments.Length == 0 ? ExitCode.Usage : ExitCode.Success;
        }

        if (!Array.Exists(Verbs, verb => verb.Name == arguments[0]) && arguments[0] != "--version")
        {
            string hint = Spelling.Hint(arguments[0], Verbs.Select(verb => verb.Name));
            return Refuse(
                [$"There is no verb '{arguments[0]}'.{(hint.Length > 0 ? hint : $" Verbs: {string.Join(", ", Verbs.Select(verb => verb.Name))}.")}"],
                ""
            );
        }

        if (!ExitCode.HasCurrentFolder())
        {
            Console.Error.WriteLine("error: The current folder was deleted. Change to another one.");
            return ExitCode.Failure;
        }

        return HelpPage.IsWanted(arguments) ? Show(arguments) : ExitCode.Guard(() => Run(arguments));
    }

    /// <summary>The tree of all verbs and their options.</summary>
    public static RootCommand Create() => Create(Verbs.Select(verb => verb.Name));

    /// <summary>Parses a command line that starts with a verb.</summary>
    public static ParseResult Parse(string[] arguments) => Create([arguments[0]]).Parse(arguments);

    private static RootCommand Create(IEnumerable<string> names)
    {
        RootCommand root = new("Image classification with ML.NET and TorchSharp: train on a folder of images, evaluate, predict.");
        foreach ((_, Func<Command> create) in Verbs.Where(verb => names.Contains(verb.Name)))
        {
            Command verb = create();
            Array.ForEach([verb, .. verb.Subcommands], Complaints.RefuseOptions);
            root.Subcommands.Add(verb);
        }

        NumberText.ReadAll(root);
        return root;
    }

    private static int Show(string[] arguments)
    {
        Command verb = Create([arguments[0]]).Subcommands[0];
        Command? inner = verb.Subcommands.FirstOrDefault(inner => arguments.Length > 1 && inner.Name == arguments[1]);
        Console.Out.Write(HelpPage.Of(inner ?? verb, HelpPage.IsAllWanted(arguments)));
        return ExitCode.Success;
    }

    private static int Run(string[] arguments)
    {
        if (arguments is not (["train", ..] or ["detect", "train", ..]))
        {
            RankOutput.RefuseSeveral(arguments[0]);
        }

        ParseResult parsed = Parse(arguments);
        return parsed.Errors.Count == 0 ? parsed.Invoke() : Refuse(Complaints.Of(parsed), $"{HelpPage.NameOf(parsed.CommandResult.Command)} ");
    }

    private static int Refuse(IEnumerable<string> complaints, string verb)
    {
        foreach (string complaint in complaints)
        {
            Console.Error.WriteLine($"error: {complaint}");
        }

        Console.Error.WriteLine($"Run '{verb}--help' to see the options.");
        return ExitCode.Usage;
    }
}

/// <summary>The exit codes of the program.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The verb failed; the reason is on the error stream.</summary>
    public const int Failure = 1;

    /// <summary>The command line is invalid.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl-C; what was trained so far is saved.</summary>
    public const int Canceled = 130;

    /// <summary>Runs a verb. An error that a user can fix is written as one line to the error stream; any other is a bug and is thrown.</summary>
    public static int Guard(Func<int> verb)
    {
        try
        {
            return verb();
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Stopped before there was anything to save.");
            return Canceled;
        }
        catch (Exception e)
            when (Innermost(e)
                    is ArgumentException
                        or IOException
                        or InvalidDataException
                        or InvalidOperationException
                        or UnauthorizedAccessException
                        or FormatException
                        or NotSupportedException
                        or ImageDecodeException
                        or TrainingDivergedException
                        or RankFailedException
                        or ExternalException
                        or OutOfMemoryException
            )
        {
            Exception cause = Innermost(e);
            RankOutput.Show(cause, TextOf(cause));
            return cause is ArgumentException ? Usage : Failure;
        }
    }

    /// <summary>Unwraps TargetInvocationException, in which ML.NET wraps the exceptions of a model's loader, and that of tasks that get no thread.</summary>
    public static Exception Innermost(Exception e) =>
        e is TargetInvocationException or TaskSchedulerException && e.InnerException is { } inner ? Innermost(inner) : e;

    /// <summary>The message without the name of the method's parameter, which means nothing to the user of a program.</summary>
    public static string TextOf(Exception e) =>
        e switch
        {
            ArgumentException { ParamName: { } name } => e.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal),
            // .NET throws it for threads, too, without a message of its own.
            OutOfMemoryException => "Out of memory, or no more threads can be started (see 'ulimit -u').",
            _ => e.Message,
        };

    /// <summary>Whether the folder that the program was started in is still there. Native libraries end the process without it.</summary>
    public static bool HasCurrentFolder()
    {
        try
        {
            return Directory.Exists(Environment.CurrentDirectory);
        }
        catch (IOException)
        {
            return false;
        }
    }
}

/// <summary>What one run of the program shares: the MLContext, and the reaction to Ctrl-C.</summary>
internal static class Session
{
    // A registration that is collected ends.
    private static readonly List<PosixSignalRegistration> Registrations = [];

    /// <summary>The largest number of a GPU that is no mistake.</summary>
    public const int MaxGpu = 255;

    /// <summary>The most threads per operation that are no mistake.</summary>
    public static int MaxThreads { get; } = Math.Max(64, 4 * Environment.ProcessorCount);

    /// <summary>Creates the MLContext. Errors of its log go to the error stream.</summary>
    /// <param name="seed">The seed of the context.</param>
    /// <param name="gpu">A CUDA device.</param>
    /// <param name="threads">CPU threads per operation; null for libtorch's choice, one per core.</param>
    /// <param name="isQuiet">Leaves out the trainers' warnings, as a sweep trains many times.</param>
    /// <param name="onTraining">Receives what a trainer tells at the start of a Fit; null to leave it out.</param>
    /// <param name="isVerbose">Whether all other information of the log goes to the error stream too.</param>
    public static MLContext Begin(
        int? seed = null,
        int? gpu = null,
        int? threads = null,
        bool isQuiet = false,
        Action<string>? onTraining = null,
        bool isVerbose = false
    )
    {
        if (threads is { } count)
        {
            set_num_threads(count);
        }

        if (gpu is { } device && device >= (cuda.is_available() ? cuda.device_count() : 0))
        {
            throw new ArgumentException(
                $"--gpu {device}: TorchSharp finds "
                    + (
                        cuda.is_available()
                            ? $"{cuda.device_count()} GPUs."
                            : "no GPU. A program with TorchSharp-cpu never does; docs/deploy.md names the other packages."
                    )
            );
        }

        if (gpu is null && onTraining is not null && DistributedJob.Rank == 0 && cuda.is_available())
        {
            Console.Error.WriteLine("There is a GPU: --gpu 0 trains on it.");
        }

        MLContext ml = new(seed) { GpuDeviceId = gpu };
        ml.Log += (_, entry) =>
        {
            bool isTrainer = entry.Source.Contains("Training", StringComparison.Ordinal);
            if (entry.Kind == ChannelMessageKind.Error || (entry.Kind == ChannelMessageKind.Warning && !(isQuiet && isTrainer)))
            {
                Console.Error.WriteLine($"{entry.Kind.ToString().ToLowerInvariant()}: {entry.RawMessage}");
            }
            else if (isTrainer && entry.Kind == ChannelMessageKind.Info && !IsProgress(entry.RawMessage))
            {
                onTraining?.Invoke(entry.RawMessage);
            }
            else if (isVerbose && entry.Kind == ChannelMessageKind.Info && !isTrainer)
            {
                Console.Error.WriteLine($"{entry.Source}: {entry.RawMessage}");
            }
        };
        return ml;
    }

    // The progress view shows these.
    private static bool IsProgress(string message) =>
        message.StartsWith("Epoch ", StringComparison.Ordinal) || message.StartsWith("Head: ", StringComparison.Ordinal);

    /// <summary>Turns the first Ctrl-C, or the signals TERM and HUP, into a cancellation; the second one ends the process.</summary>
    public static CancellationTokenSource CancelOnCtrlC()
    {
        CancellationTokenSource source = new();
        // What containers and schedulers send before they kill, and what a terminal sends when it is closed, unless nohup ignores it.
        foreach (PosixSignal end in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            Registrations.Add(
                PosixSignalRegistration.Create(
                    end,
                    signal =>
                    {
                        signal.Cancel = !source.IsCancellationRequested;
                        source.Cancel();
                    }
                )
            );
        }

        Console.CancelKeyPress += (_, pressed) =>
        {
            if (!source.IsCancellationRequested)
            {
                pressed.Cancel = true;
                source.Cancel();
                Console.Error.WriteLine("Stopping after this step; press Ctrl-C again to end at once.");
            }
        };
        return source;
    }
}
