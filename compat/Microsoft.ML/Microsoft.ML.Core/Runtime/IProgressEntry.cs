namespace Microsoft.ML.Runtime;

/// <summary>One reading of a computation's progress.</summary>
public interface IProgressEntry
{
    void SetProgress(int index, double value);

    void SetProgress(int index, double value, double lim);

    void SetMetric(int index, double value);
}
