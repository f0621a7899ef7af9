using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Training;

namespace Samples;

/// <summary>What the processes write that mpirun or srun started together: rank 0 everything, the others only errors of their own.</summary>
internal static class RankOutput
{
    private static TextWriter? _error;

    /// <summary>Silences this process if it is not rank 0.</summary>
    public static void Begin()
    {
        if (DistributedJob.Rank > 0)
        {
            _error = Console.Error;
            Console.SetOut(TextWriter.Null);
            Console.SetError(TextWriter.Null);
        }
    }

    /// <summary>Refuses a verb that only one process may run.</summary>
    /// <exception cref="ArgumentException">There are several processes.</exception>
    public static void RefuseSeveral(string verb)
    {
        if (DistributedJob.World > 1)
        {
            throw new ArgumentException(
                FormattableString.Invariant(
                    $"'{verb}' was started in {DistributedJob.World} processes. Only 'train' and 'detect train' share their work; start '{verb}' once."
                )
            );
        }
    }

    /// <summary>Shows an error of this rank; rank 0 shows those that all ranks have.</summary>
    public static void Show(Exception error, string text)
    {
        Console.Error.WriteLine($"error: {text}");
        if (error is not (ArgumentException or TrainingDivergedException or RankFailedException))
        {
            _error?.WriteLine(FormattableString.Invariant($"error on rank {DistributedJob.Rank}: {text}"));
        }
    }
}
