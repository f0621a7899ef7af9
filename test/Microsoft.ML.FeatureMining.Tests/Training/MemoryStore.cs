using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Runs;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Keeps the newest checkpoint in memory, as the bytes of its file.</summary>
internal sealed class MemoryStore(Func<bool>? isDue = null) : ICheckpointStore
{
    public byte[]? Bytes { get; set; }

    public int Saved { get; private set; }

    public bool IsDue(long steps) => isDue?.Invoke() ?? false;

    public void Save(RunSnapshot snapshot)
    {
        using MemoryStream stream = new();
        CheckpointFile.Write(stream, snapshot);
        Bytes = stream.ToArray();
        Saved++;
    }

    public RunSnapshot? Load(Action<RunSnapshot> check)
    {
        RunSnapshot? saved = Bytes is null ? null : CheckpointFile.Read(new MemoryStream(Bytes));
        if (saved is not null)
        {
            check(saved);
        }

        return saved;
    }
}
