namespace Microsoft.ML.Data;

/// <summary>Sums over scored rows.</summary>
internal sealed class MulticlassCounters
{
    private const float LeastProbability = 1e-15f;

    private readonly double[] _classTotals;
    private readonly double[] _classLogLoss;
    private readonly double[] _ranks;
    private double _total;
    private double _correct;
    private double _logLoss;

    public MulticlassCounters(int classCount)
    {
        ClassCount = classCount;
        _classTotals = new double[classCount];
        _classLogLoss = new double[classCount];
        _ranks = new double[classCount + 1];
        Confusion = [.. Enumerable.Range(0, classCount).Select(_ => new double[classCount])];
    }

    public int ClassCount { get; }

    /// <summary>Counts by true class, then by predicted class.</summary>
    public double[][] Confusion { get; }

    public double MicroAccuracy => _total > 0 ? _correct / _total : 0;

    /// <summary>The mean of the classes' recalls; classes without rows do not count.</summary>
    public double MacroAccuracy
    {
        get
        {
            int[] present = [.. Enumerable.Range(0, ClassCount).Where(i => _classTotals[i] > 0)];
            return present.Length > 0 ? present.Average(i => Confusion[i][i] / _classTotals[i]) : 0;
        }
    }

    public double LogLoss => _total > 0 ? _logLoss / _total : 0;

    /// <summary>How much better than the loss of always giving the classes' frequencies.</summary>
    public double LogLossReduction
    {
        get
        {
            double entropy = -_classTotals.Where(t => t > 0).Sum(t => t / _total * Math.Log(t / _total));
            return (entropy - LogLoss) / entropy;
        }
    }

    public double[] PerClassLogLoss => [.. _classLogLoss.Zip(_classTotals, (loss, total) => total > 0 ? loss / total : 0)];

    /// <summary>Accuracies where the true class may be among the best 1, 2, ... k.</summary>
    public double[] TopK(int k)
    {
        double sum = 0;
        return [.. _ranks.Take(k).Select(r => sum += r / _total)];
    }

    public void Add(int label, float[] scores)
    {
        bool known = label < ClassCount;
        float own = known ? scores[label] : 0;
        double loss = -Math.Log(known ? Math.Min(1, Math.Max(LeastProbability, own)) : LeastProbability);
        int rank = 0;
        int assigned = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] > own || scores[i] == own && i < label)
                rank++;
            if (scores[i] > scores[assigned])
                assigned = i;
        }

        _total++;
        _logLoss += loss;
        _ranks[rank]++;
        if (!known)
            return;
        _classTotals[label]++;
        _classLogLoss[label] += loss;
        if (rank == 0)
            _correct++;
        Confusion[label][rank == 0 ? label : assigned]++;
    }
}
