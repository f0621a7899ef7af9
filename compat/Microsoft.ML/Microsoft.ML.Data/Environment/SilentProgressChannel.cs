using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A context shows nothing of progress channels.</summary>
internal sealed class SilentProgressChannel : IProgressChannel
{
    public void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction)
    {
    }

    public void Checkpoint(params double?[] values)
    {
    }

    public IProgressChannel StartProgressChannel(string name) => this;

    public void Dispose()
    {
    }
}
