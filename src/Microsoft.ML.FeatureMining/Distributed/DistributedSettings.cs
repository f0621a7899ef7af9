namespace Microsoft.ML.FeatureMining.Distributed;

/// <summary>
/// Settings of training in several processes (data-parallel training). If a program is started by mpirun or srun, all its processes train one model together:
/// the batches of a step (<see cref="Training.TrainingOptions.GradientAccumulationSteps"/>) are shared between them.
/// </summary>
public sealed record DistributedSettings
{
    internal static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(10);

    /// <summary>Whether the processes that mpirun or srun started train together. If false, each trains a model of its own.</summary>
    /// <value>true.</value>
    public bool Enabled { get; init; } = true;

    /// <summary>How long to wait for a process that does not answer. Then Fit throws a <see cref="RankFailedException"/> with its rank.</summary>
    /// <value>Ten minutes.</value>
    [Range(typeof(TimeSpan), "0:00:01", "1000.00:00:00")]
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>
    /// Whether a process adds up the gradients of its own batches in single precision and exchanges them once per step, instead of once per batch. This is
    /// faster if a step has more batches than there are processes, but the weights then depend on the number of processes in their least significant bits.
    /// </summary>
    /// <value>false: weights are bit-identical for any number of processes on CPUs of one kind.</value>
    public bool SinglePrecisionSums { get; init; }
}
