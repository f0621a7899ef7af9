namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Why a run ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs were run.</summary>
    Completed,

    /// <summary>The validation accuracy stopped rising.</summary>
    StoppedEarly,

    /// <summary>Somebody asked it to.</summary>
    Cancelled,
}
