using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Training.Checkpoints;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Keeps the weights of the best epoch, and knows for how long there was none better.</summary>
internal sealed class BestWeights(EarlyStopping? earlyStopping)
{
    private static readonly BestEpoch None = new(double.NegativeInfinity, 0, double.NegativeInfinity, 0);

    public NamedTensors? Weights { get; private set; }

    public BestEpoch Epoch { get; private set; } = None;

    /// <summary>Takes the weights where the validation accuracy is the highest so far; without a validation set nothing is best.</summary>
    public void Offer(EpochMetrics metrics, ImageNetwork network)
    {
        if (metrics.ValidationAccuracy is not { } accuracy)
        {
            return;
        }

        if (accuracy > Epoch.Accuracy)
        {
            Epoch = Epoch with { Accuracy = accuracy, Epoch = metrics.Epoch };
            Weights = NamedTensors.Of(network);
        }

        if (accuracy > Epoch.LastRiseAccuracy + (earlyStopping?.MinDelta ?? 0))
        {
            Epoch = Epoch with { LastRiseAccuracy = accuracy, LastRiseEpoch = metrics.Epoch };
        }
    }

    public void Restore(BestEpoch epoch, NamedTensors? weights) => (Epoch, Weights) = (epoch, weights);

    /// <summary>Whether early stopping ends the run after so many epochs.</summary>
    public bool IsStale(int epochs) => earlyStopping is not null && epochs > 0 && epochs - Epoch.LastRiseEpoch >= earlyStopping.Patience;
}
