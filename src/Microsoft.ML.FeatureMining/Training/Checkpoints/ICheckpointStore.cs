namespace Microsoft.ML.FeatureMining.Training.Checkpoints;

/// <summary>Where a run keeps its state, to go on from there when it is begun again.</summary>
internal interface ICheckpointStore
{
    /// <summary>Whether it is time to save: so many steps or minutes have passed, or somebody asked. Asked between any two steps.</summary>
    /// <param name="steps">Finished steps of the whole run.</param>
    bool IsDue(long steps);

    /// <summary>Keeps a state. A disk that refuses it does not end the run: the store says so and waits for the next one.</summary>
    void Save(TrainingState state);

    /// <summary>The newest state that is whole; null where there is none.</summary>
    TrainingState? Load();
}
