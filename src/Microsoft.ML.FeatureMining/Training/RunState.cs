using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Training.Checkpoints;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What changes as a run goes on, and the way from there to a <see cref="TrainingState"/> and back.</summary>
internal sealed class RunState(TrainedParts parts, RandomStreams random, EarlyStopping? earlyStopping, Device device) : IDisposable
{
    private const string OrderName = "order";
    private const string BestPrefix = "best/";

    private readonly List<EpochMetrics> _history = [];
    private int[]? _order;

    /// <summary>Finished epochs.</summary>
    public int Epoch { get; private set; }

    /// <summary>Finished steps of the epoch under way.</summary>
    public int Step { get; private set; }

    /// <summary>The images of the epoch under way, in their order.</summary>
    public IReadOnlyList<int> Order => _order!;

    /// <summary>Of the epoch under way.</summary>
    public RunningMetrics Metrics { get; private set; } = new(device);

    /// <summary>Spent on the epoch under way.</summary>
    public double Seconds { get; set; }

    public IReadOnlyList<EpochMetrics> History => _history;

    public BestWeights Best { get; } = new(earlyStopping);

    public double RateFactor { get; set; } = 1;

    /// <summary>Draws the order of an epoch that has none yet.</summary>
    public void BeginEpoch(Func<int[]> drawOrder) => _order ??= drawOrder();

    public void Stepped(Tensor sums, int images)
    {
        Metrics.Add(sums, images);
        Step++;
    }

    public void EndEpoch(EpochMetrics metrics)
    {
        _history.Add(metrics);
        (Epoch, Step, Seconds, _order) = (Epoch + 1, 0, 0, null);
        Replace(default);
    }

    public TrainingState Capture()
    {
        RunPosition position = new()
        {
            Epoch = Epoch,
            Step = Step,
            Streams = random.Capture(),
            Sums = Metrics.Sums,
            Seconds = Seconds,
            History = [.. _history],
            Best = Best.Epoch,
            RateFactor = RateFactor,
            OptimizerSteps = parts.Optimizer.Steps,
            Threads = get_num_threads(),
        };
        List<NamedTensor> tensors = [.. NamedTensors.Of(parts.WholeState()).Tensors];
        tensors.AddRange(Best.Weights?.Under(BestPrefix) ?? []);
        if (_order is not null)
        {
            tensors.Add(new NamedTensor(OrderName, ScalarType.Int32, [_order.Length], MemoryMarshal.AsBytes<int>(_order).ToArray()));
        }

        return new TrainingState(position, new NamedTensors(tensors));
    }

    /// <exception cref="InvalidDataException">The state is of another network.</exception>
    public void Restore(TrainingState state)
    {
        RunPosition position = state.Position;
        state.Tensors.Where(name => name != OrderName && !name.StartsWith(BestPrefix, StringComparison.Ordinal)).CopyTo(parts.WholeState());
        parts.Optimizer.Resume(position.OptimizerSteps);
        random.Restore(position.Streams);
        NamedTensors best = state.Tensors.Within(BestPrefix);
        Best.Restore(position.Best, best.Tensors.Count > 0 ? best : null);
        _order = state.Tensors.Tensors.FirstOrDefault(tensor => tensor.Name == OrderName) is { } order ? MemoryMarshal.Cast<byte, int>(order.Bytes).ToArray() : null;
        (Epoch, Step, Seconds, RateFactor) = (position.Epoch, position.Step, position.Seconds, position.RateFactor);
        _history.Clear();
        _history.AddRange(position.History);
        Replace(position.Sums);
    }

    public void Dispose() => Metrics.Dispose();

    private void Replace(MetricSums sums)
    {
        Metrics.Dispose();
        Metrics = new RunningMetrics(device, sums);
    }
}
