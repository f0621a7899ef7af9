namespace Microsoft.ML.Runtime;

/// <summary>Can be told to stop.</summary>
internal interface ICancelable
{
    bool IsCanceled { get; }

    void CancelExecution();
}
