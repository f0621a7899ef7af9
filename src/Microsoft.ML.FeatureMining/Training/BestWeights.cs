using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Keeps the weights of the best epoch, and knows for how long there was none better.</summary>
internal sealed class BestWeights(EarlyStopping? earlyStopping)
{
    private double _accuracy = double.NegativeInfinity;
    private double _lastRiseAccuracy = double.NegativeInfinity;
    private int _lastRiseEpoch;

    public NamedTensors? Weights { get; private set; }

    public int Epoch { get; private set; }

    /// <summary>Takes the weights where the validation accuracy is the highest so far; without a validation set nothing is best.</summary>
    public void Offer(EpochMetrics metrics, ImageNetwork network)
    {
        if (metrics.ValidationAccuracy is not { } accuracy)
        {
            return;
        }

        if (accuracy > _accuracy)
        {
            (_accuracy, Epoch, Weights) = (accuracy, metrics.Epoch, NamedTensors.Of(network));
        }

        if (accuracy > _lastRiseAccuracy + (earlyStopping?.MinDelta ?? 0))
        {
            (_lastRiseAccuracy, _lastRiseEpoch) = (accuracy, metrics.Epoch);
        }
    }

    /// <summary>Whether early stopping ends the run after this epoch.</summary>
    public bool IsStale(EpochMetrics metrics) => earlyStopping is not null && metrics.Epoch - _lastRiseEpoch >= earlyStopping.Patience;
}
