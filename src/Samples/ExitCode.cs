namespace Samples;

/// <summary>What the program tells a script.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>It could not be done; the reason is on the error stream.</summary>
    public const int Failure = 1;

    /// <summary>The command line makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl-C; what was trained so far is saved.</summary>
    public const int Canceled = 130;

    /// <summary>Runs a verb; an error that a user can do something about becomes one line on the error stream.</summary>
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
        catch (Exception e) when (Innermost(e) is ArgumentException or IOException or InvalidDataException or InvalidOperationException or UnauthorizedAccessException
            or FormatException or NotSupportedException or Microsoft.ML.FeatureMining.Imaging.ImageDecodeException or Microsoft.ML.FeatureMining.Training.TrainingDivergedException
            or System.Runtime.InteropServices.ExternalException)
        {
            Console.Error.WriteLine($"error: {Innermost(e).Message}");
            return Failure;
        }
    }

    /// <summary>What was thrown: ML.NET wraps the exceptions of a loader in a TargetInvocationException.</summary>
    public static Exception Innermost(Exception e) => e is System.Reflection.TargetInvocationException && e.InnerException is { } inner ? Innermost(inner) : e;
}
