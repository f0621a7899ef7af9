using System.CommandLine;
using System.CommandLine.Parsing;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;
using Samples.Reproduce;
using static TorchSharp.torch;

namespace Samples;

/// <summary>The command line: one verb per file.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        ParseResult parsed = Create().Parse(arguments);
        if (parsed.Errors.Count == 0)
        {
            return parsed.Invoke();
        }

        foreach (ParseError error in parsed.Errors)
        {
            Console.Error.WriteLine($"error: {error.Message}");
        }

        Console.Error.WriteLine($"Run '{parsed.CommandResult.Command.Name} --help' to see all options.");
        return ExitCode.Usage;
    }

    /// <summary>The tree of verbs and their options.</summary>
    public static RootCommand Create() =>
        new("Image classification with ML.NET and TorchSharp: train on a folder of images, evaluate, predict.")
        {
            TrainCommand.Create(),
            EvaluateCommand.Create(),
            PredictCommand.Create(),
            EnsembleCommand.Create(),
            ExplainCommand.Create(),
            ExportCommand.Create(),
            SweepCommand.Create(),
            ReproduceCommand.Create(Main),
            InspectCommand.Create(),
            DownloadCommand.Create(),
            DigitsCommand.Create(),
        };
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
                        or ExternalException
            )
        {
            Console.Error.WriteLine($"error: {Innermost(e).Message}");
            return Failure;
        }
    }

    /// <summary>Unwraps TargetInvocationException, in which ML.NET wraps the exceptions of a model's loader.</summary>
    public static Exception Innermost(Exception e) => e is TargetInvocationException && e.InnerException is { } inner ? Innermost(inner) : e;
}

/// <summary>What one run of the program shares: the MLContext, and the reaction to Ctrl-C.</summary>
internal static class Session
{
    /// <summary>Creates the MLContext. Errors of its log go to the error stream.</summary>
    /// <param name="seed">The seed of the context.</param>
    /// <param name="gpu">A CUDA device.</param>
    /// <param name="threads">CPU threads per operation; all cores by default.</param>
    /// <param name="warnings">Whether warnings go to the error stream, too.</param>
    public static MLContext Begin(int? seed = null, int? gpu = null, int? threads = null, bool warnings = true)
    {
        set_num_threads(threads ?? Environment.ProcessorCount);
        MLContext ml = new(seed) { GpuDeviceId = gpu };
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == ChannelMessageKind.Error || (warnings && entry.Kind == ChannelMessageKind.Warning))
            {
                Console.Error.WriteLine($"{entry.Kind.ToString().ToLowerInvariant()}: {entry.RawMessage}");
            }
        };
        return ml;
    }

    /// <summary>Turns the first Ctrl-C into a cancellation; the second one ends the process.</summary>
    public static CancellationTokenSource CancelOnCtrlC()
    {
        CancellationTokenSource source = new();
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
