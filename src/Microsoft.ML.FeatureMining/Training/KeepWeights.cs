namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Which weights of a run become the model.</summary>
public enum KeepWeights
{
    /// <summary>Those of the epoch with the highest validation accuracy, the first of equals; the last epoch's where there is no validation set.</summary>
    Best,

    /// <summary>Those of the last epoch.</summary>
    Last,
}
