namespace Microsoft.ML.FeatureMining.Artifacts.Workspaces;

/// <summary>When a checkpoint is due within an epoch, and how many are kept. One is made at the end of each epoch in any case.</summary>
internal sealed record CheckpointSchedule
{
    public int? EverySteps { get; init; }

    public TimeSpan? Every { get; init; }

    public int Keep { get; init; } = 2;
}
