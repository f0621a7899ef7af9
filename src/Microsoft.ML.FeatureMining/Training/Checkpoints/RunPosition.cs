namespace Microsoft.ML.FeatureMining.Training.Checkpoints;

/// <summary>How far a run is, and where its random streams are: all of its state but the tensors.</summary>
internal sealed record RunPosition
{
    /// <summary>Finished epochs.</summary>
    public required int Epoch { get; init; }

    /// <summary>Finished steps of the epoch under way.</summary>
    public required int Step { get; init; }

    /// <summary>Of each stream made so far, its four words.</summary>
    public required IReadOnlyDictionary<string, ulong[]> Streams { get; init; }

    /// <summary>Over the steps of the epoch under way.</summary>
    public required MetricSums Sums { get; init; }

    /// <summary>Spent on the epoch under way.</summary>
    public required double Seconds { get; init; }

    public required IReadOnlyList<EpochMetrics> History { get; init; }

    public required BestEpoch Best { get; init; }

    /// <summary>CPU threads within an operation, on which the order of some sums depends; 0 where nobody noted them.</summary>
    public int Threads { get; init; }

    /// <summary>What divergences have left of the learning rate.</summary>
    public double RateFactor { get; init; } = 1;

    /// <summary>Steps that the optimizer counts, of the whole run.</summary>
    public long OptimizerSteps { get; init; }
}
