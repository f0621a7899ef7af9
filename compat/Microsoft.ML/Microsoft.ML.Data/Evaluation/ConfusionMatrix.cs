using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Counts by true class (rows) and predicted class.</summary>
public sealed class ConfusionMatrix
{
    private readonly IHost _host;
    private readonly string[] _classNames;

    internal ConfusionMatrix(IHost host, double[][] counts, string[] classNames)
    {
        _host = host;
        _classNames = classNames;
        Counts = counts;
        NumberOfClasses = counts.Length;
        PerClassRecall = [.. counts.Select((row, i) => Ratio(row[i], row.Sum()))];
        PerClassPrecision = [.. counts.Select((row, i) => Ratio(row[i], counts.Sum(r => r[i])))];
    }

    public IReadOnlyList<double> PerClassPrecision { get; }

    public IReadOnlyList<double> PerClassRecall { get; }

    public IReadOnlyList<IReadOnlyList<double>> Counts { get; }

    public int NumberOfClasses { get; }

    public double GetCountForClassPair(int predictedClassIndicatorIndex, int actualClassIndicatorIndex)
    {
        const string Range = "Invalid index. Should be non-negative, less than the number of classes.";
        _host.CheckParam((uint)predictedClassIndicatorIndex < (uint)Counts.Count, nameof(predictedClassIndicatorIndex), Range);
        _host.CheckParam((uint)actualClassIndicatorIndex < (uint)Counts.Count, nameof(actualClassIndicatorIndex), Range);
        return Counts[actualClassIndicatorIndex][predictedClassIndicatorIndex];
    }

    public string GetFormattedConfusionTable() => ConfusionTable.Format(this, _classNames);

    private static double Ratio(double part, double whole) => whole > 0 ? part / whole : 0;
}
