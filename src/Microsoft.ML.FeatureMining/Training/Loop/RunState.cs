using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>What changes as a run goes on, and the way from there to a <see cref="RunSnapshot"/> and back.</summary>
internal sealed class RunState(TrainingComponents parts, RandomStreams random, EarlyStopping? earlyStopping, Device device) : IDisposable
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

    public RunSnapshot Capture()
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

        return new RunSnapshot(position, new NamedTensors(tensors));
    }

    /// <exception cref="InvalidDataException">The state is of another network.</exception>
    public void Restore(RunSnapshot state)
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

/// <summary>Keeps a run's state: in the host's store, to go on from there another time; in memory, to go back to where a divergence may need it.</summary>
internal sealed class Checkpointer(RunState run, TrainingRecipe recipe, TrainingHost host)
{
    // Half the rate five times is a thirtieth; what diverges even there does not do so because of the rate.
    private const double SmallestRateFactor = 1.0 / 32;

    private RunSnapshot? _lastGood;

    public bool CanRollBack => RollsBack && run.RateFactor > SmallestRateFactor;

    private bool RollsBack => recipe.OnDivergence == DivergenceBehavior.RollBack;

    /// <summary>Goes on from the store's newest state, where there is one.</summary>
    public void Begin()
    {
        if (host.Checkpoints?.Load() is { } saved)
        {
            run.Restore(saved);
            CheckThreads(saved.Position.Threads);
            _lastGood = RollsBack ? saved : null;
        }
        else if (RollsBack)
        {
            _lastGood = run.Capture();
        }
    }

    /// <summary>Keeps the state as it is now; all in it is a number.</summary>
    public void Save()
    {
        if (host.Checkpoints is null && !RollsBack)
        {
            return;
        }

        RunSnapshot state = run.Capture();
        host.Checkpoints?.Save(state);
        _lastGood = RollsBack ? state : null;
    }

    public void RollBack(TrainingDivergedException cause)
    {
        double factor = run.RateFactor / 2;
        run.Restore(_lastGood!);
        run.RateFactor = factor;
        host.Notice(string.Create(CultureInfo.InvariantCulture,
            $"{cause.Message} The run goes back to epoch {run.Epoch + 1}, step {run.Step}, and goes on with {factor:g3} of the learning rate."));
    }

    private void CheckThreads(int before)
    {
        if (before > 0 && before != get_num_threads())
        {
            host.Notice($"The run was begun with {before} CPU threads and goes on with {get_num_threads()}: it ends in other bits than it would have.");
        }
    }
}

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

/// <summary>The best epoch so far, by validation accuracy, and the last that counted as a rise for early stopping. Epochs from 1; 0 before there is one.</summary>
internal readonly record struct BestEpoch(double Accuracy, int Epoch, double LastRiseAccuracy, int LastRiseEpoch);

/// <summary>Where a run keeps its state, to go on from there when it is begun again.</summary>
internal interface ICheckpointStore
{
    /// <summary>Whether it is time to save: so many steps or minutes have passed, or somebody asked. Asked between any two steps.</summary>
    /// <param name="steps">Finished steps of the whole run.</param>
    bool IsDue(long steps);

    /// <summary>Keeps a state. A disk that refuses it does not end the run: the store says so and waits for the next one.</summary>
    void Save(RunSnapshot state);

    /// <summary>The newest state that is whole; null where there is none.</summary>
    RunSnapshot? Load();
}

/// <summary>How far a run is, and where its random streams are: all of its state but the tensors.</summary>
internal sealed record RunPosition
{
    /// <summary>Finished epochs.</summary>
    public required int Epoch { get; init; }

    /// <summary>Finished steps of the epoch under way.</summary>
    public required int Step { get; init; }

    /// <summary>Of each stream made so far, its four words.</summary>
    public required IReadOnlyDictionary<string, ulong[]> Streams { get; init; }

    /// <summary>Over the steps of the epoch under way.</summary>
    public required MetricSums Sums { get; init; }

    /// <summary>Spent on the epoch under way.</summary>
    public required double Seconds { get; init; }

    public required IReadOnlyList<EpochMetrics> History { get; init; }

    public required BestEpoch Best { get; init; }

    /// <summary>CPU threads within an operation, on which the order of some sums depends; 0 where nobody noted them.</summary>
    public int Threads { get; init; }

    /// <summary>What divergences have left of the learning rate.</summary>
    public double RateFactor { get; init; } = 1;

    /// <summary>Steps that the optimizer counts, of the whole run.</summary>
    public long OptimizerSteps { get; init; }
}

/// <summary>A run between two steps, in managed memory: all that the rest of it depends on.</summary>
internal sealed record RunSnapshot(RunPosition Position, NamedTensors Tensors);
