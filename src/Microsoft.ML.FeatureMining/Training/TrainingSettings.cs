namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What of the weights that training begins with is held back, and how far.</summary>
public sealed record FineTuning
{
    /// <summary>
    /// How many of the first stages, and the stem before them, stay as they are, running statistics too; up to all stages of the backbone, which leaves the head to train.
    /// </summary>
    /// <value>0: the stem is trained, too.</value>
    public int FrozenStages { get; init; }

    /// <summary>What the backbone's learning rate is of that of the head, above 0 and at most 1.</summary>
    /// <value>1.</value>
    public double BackboneLearningRateFactor { get; init; } = 1;

    /// <summary>Whether every BatchNorm of the backbone normalizes by the running statistics that it began with and leaves them. Scales and shifts are trained.</summary>
    /// <value>false.</value>
    public bool FreezeBatchNorm { get; init; }

    internal IEnumerable<string> Problems(string backbone, int stageCount)
    {
        if (FrozenStages < 0 || FrozenStages > stageCount)
        {
            yield return $"FrozenStages lies between 0 and the {stageCount} stages of '{backbone}'; it is {FrozenStages}.";
        }

        if (!(BackboneLearningRateFactor is > 0 and <= 1))
        {
            yield return $"BackboneLearningRateFactor is above 0 and at most 1; it is {BackboneLearningRateFactor}. FrozenStages holds what is not to learn at all.";
        }
    }
}

/// <summary>Ends a run when the validation accuracy has not risen for a while.</summary>
public sealed record EarlyStopping
{
    /// <summary>Epochs without a rise before the run ends, at least 1.</summary>
    /// <value>20.</value>
    public int Patience { get; init; } = 20;

    /// <summary>What counts as a rise, in accuracy (0.01 is one percentage point), at least 0.</summary>
    /// <value>0: any rise.</value>
    public double MinDelta { get; init; }
}

/// <summary>Which weights of a run become the model.</summary>
public enum KeepWeights
{
    /// <summary>Those of the epoch with the highest validation accuracy, the first of equals; the last epoch's where there is no validation set.</summary>
    Best,

    /// <summary>Those of the last epoch.</summary>
    Last,
}

/// <summary>What happens when the loss or the weights become infinite or no number.</summary>
public enum DivergenceBehavior
{
    /// <summary>Fit throws <see cref="TrainingDivergedException"/>.</summary>
    Throw,

    /// <summary>
    /// The run goes back to the last checkpoint, or to the last epoch's end where there is none, and goes on with half the learning rate; after the fifth time Fit throws.
    /// </summary>
    RollBack,
}
