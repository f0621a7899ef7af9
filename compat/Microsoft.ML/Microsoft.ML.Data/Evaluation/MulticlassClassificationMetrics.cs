using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>How good the predictions of one class of several are.</summary>
public sealed class MulticlassClassificationMetrics
{
    internal MulticlassClassificationMetrics(MulticlassCounters counters, int topK, string[] classNames, IHost host)
    {
        MicroAccuracy = counters.MicroAccuracy;
        MacroAccuracy = counters.MacroAccuracy;
        LogLoss = counters.LogLoss;
        LogLossReduction = counters.LogLossReduction;
        PerClassLogLoss = counters.PerClassLogLoss;
        TopKPredictionCount = topK;
        TopKAccuracyForAllK = topK > 0 ? counters.TopK(topK) : null;
        ConfusionMatrix = new ConfusionMatrix(host, counters.Confusion, classNames);
    }

    /// <summary>The fraction of rows that are right.</summary>
    public double MicroAccuracy { get; }

    /// <summary>The mean over the classes of the fraction of their rows that are right.</summary>
    public double MacroAccuracy { get; }

    /// <summary>The mean of -ln of the true class's score.</summary>
    public double LogLoss { get; }

    /// <summary>1 for perfect scores, 0 for no better than the classes' frequencies.</summary>
    public double LogLossReduction { get; }

    public double TopKAccuracy => TopKAccuracyForAllK?.LastOrDefault() ?? 0;

    public int TopKPredictionCount { get; }

    public IReadOnlyList<double> TopKAccuracyForAllK { get; }

    public IReadOnlyList<double> PerClassLogLoss { get; }

    public ConfusionMatrix ConfusionMatrix { get; }
}
