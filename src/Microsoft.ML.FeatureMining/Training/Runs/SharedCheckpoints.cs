using System.Text.Json;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Training.Loop;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Runs;

/// <summary>The checkpoints of a run on several ranks: rank 0 writes and reads them, the others get what it has read.</summary>
internal sealed class SharedCheckpoints : ICheckpointStore, IDisposable
{
    private readonly ICheckpointStore? _own;
    private readonly ICommunicator _ranks;

    // The store of rank 0 waits for signals itself.
    private readonly TerminationSignal? _signal;

    /// <param name="own">The store of rank 0; null on other ranks.</param>
    /// <param name="ranks">The ranks.</param>
    public SharedCheckpoints(ICheckpointStore? own, ICommunicator ranks)
    {
        (_own, _ranks) = (own, ranks);
        _signal = own is null ? new TerminationSignal() : null;
    }

    public bool IsDue(long steps) => _ranks.Any(_own?.IsDue(steps) ?? _signal!.IsWaiting);

    public void Save(RunSnapshot snapshot)
    {
        _own?.Save(snapshot);
        // A process that was told to end must not end before the checkpoint is written: mpirun then ends all.
        _ranks.Barrier();
        _signal?.Answer();
    }

    public RunSnapshot? Load(Action<RunSnapshot> check)
    {
        RunSnapshot? own = _own?.Load(check);
        byte[]? text = _ranks.Share(own is null ? null : JsonSerializer.SerializeToUtf8Bytes(Header.Of(own), Json.State));
        if (text is null)
        {
            return null;
        }

        Header header = JsonSerializer.Deserialize<Header>(text, Json.State)!;
        List<NamedTensor> tensors = own?.Tensors.Tensors.ToList() ?? [.. header.Tensors.Select(tensor => tensor.Empty())];
        tensors.ForEach(tensor => _ranks.Broadcast(tensor.Bytes));
        return own ?? new RunSnapshot(header.Position, new NamedTensors(tensors));
    }

    public void Dispose() => _signal?.Dispose();

    private sealed record Header(RunPosition Position, IReadOnlyList<TensorHeader> Tensors)
    {
        public static Header Of(RunSnapshot snapshot) =>
            new(
                snapshot.Position,
                [.. snapshot.Tensors.Tensors.Select(tensor => new TensorHeader(tensor.Name, tensor.Type, [.. tensor.Shape], tensor.Bytes.Length))]
            );
    }

    private sealed record TensorHeader(string Name, ScalarType Type, IReadOnlyList<long> Shape, int Bytes)
    {
        public NamedTensor Empty() => new(Name, Type, [.. Shape], new byte[Bytes]);
    }
}
