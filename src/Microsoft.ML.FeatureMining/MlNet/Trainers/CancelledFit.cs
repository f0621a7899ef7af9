namespace Microsoft.ML.FeatureMining;

/// <summary>What Fit does when its <see cref="ImageClassificationOptions.CancellationToken"/> is cancelled.</summary>
public enum CancelledFit
{
    /// <summary>Returns the model of the epochs finished so far; throws <see cref="OperationCanceledException"/> only where there is none.</summary>
    ReturnsModel,

    /// <summary>Throws <see cref="OperationCanceledException"/>.</summary>
    Throws,
}
