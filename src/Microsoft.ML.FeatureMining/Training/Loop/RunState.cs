using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>The mutable state of a run. Can be captured to a <see cref="RunSnapshot"/> and restored from it.</summary>
internal sealed class RunState(TrainingTask task, RandomStreams random, TrainingRecipe recipe, Device device) : IDisposable
{
    /// <summary>The tensor with the order of the images of the epoch.</summary>
    public const string OrderName = "order";

    /// <summary>Of the tensors of the best weights.</summary>
    public const string BestPrefix = "best/";

    private readonly List<EpochMetrics> _history = [];
    private int[]? _order;

    /// <summary>The number of finished epochs.</summary>
    public int Epoch { get; private set; }

    /// <summary>The number of finished steps of the current epoch.</summary>
    public int Step { get; private set; }

    /// <summary>The images of the current epoch, in training order.</summary>
    public IReadOnlyList<int> Order => _order!;

    /// <summary>The metrics of the current epoch.</summary>
    public RunningMetrics Metrics { get; private set; } = new(device);

    /// <summary>The seconds spent on the current epoch.</summary>
    public double Seconds { get; set; }

    public IReadOnlyList<EpochMetrics> History => _history;

    public BestWeights Best { get; } = new(recipe);

    public double RateFactor { get; set; } = 1;

    /// <summary>Draws the order of the epoch, unless a restored snapshot has it.</summary>
    public void BeginEpoch(Func<int[]> drawOrder) => _order ??= drawOrder();

    public void EndStep(Tensor sums, int images)
    {
        Metrics.Add(sums, images);
        Step++;
    }

    public void EndEpoch(EpochMetrics metrics)
    {
        _history.Add(metrics);
        (Epoch, Step, Seconds, _order) = (metrics.Epoch, 0, 0, null);
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
            OptimizerSteps = task.Optimizer.Steps,
            Threads = get_num_threads(),
        };
        List<NamedTensor> tensors = [.. NamedTensors.Of(task.FullState()).Tensors];
        tensors.AddRange(Best.Weights?.Under(BestPrefix) ?? []);
        if (_order is not null)
        {
            tensors.Add(new NamedTensor(OrderName, ScalarType.Int32, [_order.Length], MemoryMarshal.AsBytes<int>(_order).ToArray()));
        }

        return new RunSnapshot(position, new NamedTensors(tensors));
    }

    /// <summary>Whether a tensor of a snapshot belongs to <see cref="TrainingTask.FullState"/>.</summary>
    public static bool IsState(string name) => name != OrderName && !name.StartsWith(BestPrefix, StringComparison.Ordinal);

    /// <summary>Restores a snapshot that was captured from this run, or that <see cref="SnapshotCheck"/> has accepted.</summary>
    public void Restore(RunSnapshot snapshot)
    {
        RunPosition position = snapshot.Position;
        snapshot.Tensors.Where(IsState).CopyTo(task.FullState());
        task.Optimizer.Resume(position.OptimizerSteps);
        random.Restore(position.Streams);
        NamedTensors best = snapshot.Tensors.Within(BestPrefix);
        Best.Restore(position.Best, best.Tensors.Count > 0 ? best : null);
        _order = snapshot.Tensors.Tensors.FirstOrDefault(tensor => tensor.Name == OrderName) is { } order
            ? MemoryMarshal.Cast<byte, int>(order.Bytes).ToArray()
            : null;
        (Epoch, Step, Seconds, RateFactor) = (position.Epoch, position.Step, position.Seconds, position.RateFactor);
        _history.Clear();
        _history.AddRange(position.History);
        Replace(position.Sums);
    }

    /// <summary>Gives all ranks the random streams of rank 0.</summary>
    public void ShareStreams(ICommunicator ranks)
    {
        if (ranks.World > 1)
        {
            byte[] streams = ranks.Share(ranks.Rank == 0 ? JsonSerializer.SerializeToUtf8Bytes(random.Capture()) : null)!;
            random.Restore(JsonSerializer.Deserialize<Dictionary<string, ulong[]>>(streams)!);
        }
    }

    public void Dispose() => Metrics.Dispose();

    private void Replace(MetricSums sums)
    {
        Metrics.Dispose();
        Metrics = new RunningMetrics(device, sums);
    }
}

/// <summary>Saves snapshots of a run: to the host's checkpoint store, to resume the run later; and in memory, to roll back after a divergence.</summary>
internal sealed class Checkpointer(RunState run, TrainingRecipe recipe, TrainingHost host, SnapshotCheck check)
{
    // Gives up after five halvings (1/32): a run that still diverges does not do so because of the learning rate.
    private const double SmallestRateFactor = 1.0 / 32;

    private RunSnapshot? _lastGood;

    public bool CanRollBack => RollsBack && run.RateFactor > SmallestRateFactor;

    private bool RollsBack => recipe.OnDivergence == DivergenceBehavior.RollBack;

    /// <summary>Resumes from the newest checkpoint in the store, if there is one.</summary>
    public void Resume()
    {
        if (host.Checkpoints?.Load(check.Run) is { } saved)
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

    /// <summary>Saves the current state. The caller must have checked that all values are finite.</summary>
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
        host.Warn(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{cause.Message} Rolled back to epoch {run.Epoch + 1}, step {run.Step}; training continues with the learning rate times {factor:g3}."
            )
        );
    }

    private void CheckThreads(int before)
    {
        if (before > 0 && before != get_num_threads())
        {
            host.Warn($"The run was started with {before} CPU threads and is resumed with {get_num_threads()}; results will not be bit-identical.");
        }
    }
}

/// <summary>Keeps the weights of the best epoch, if they may become the model, and counts the epochs without improvement for early stopping.</summary>
internal sealed class BestWeights(TrainingRecipe recipe)
{
    private static readonly BestEpoch None = new(double.NegativeInfinity, 0, double.NegativeInfinity, 0);

    public NamedTensors? Weights { get; private set; }

    public BestEpoch Epoch { get; private set; } = None;

    /// <summary>Notes the epoch if the validation accuracy is the highest so far; does nothing without a validation set.</summary>
    public void Update(EpochMetrics metrics, TrainingTask task)
    {
        if (metrics.ValidationAccuracy is not { } accuracy)
        {
            return;
        }

        if (accuracy > Epoch.Accuracy)
        {
            Epoch = Epoch with { Accuracy = accuracy, Epoch = metrics.Epoch };
            Weights = recipe.KeepWeights == KeepWeights.Best ? NamedTensors.Of(task.ModelState()) : null;
        }

        if (accuracy > Epoch.LastRiseAccuracy + (recipe.EarlyStopping?.MinDelta ?? 0))
        {
            Epoch = Epoch with { LastRiseAccuracy = accuracy, LastRiseEpoch = metrics.Epoch };
        }
    }

    public void Restore(BestEpoch epoch, NamedTensors? weights) => (Epoch, Weights) = (epoch, weights);

    /// <summary>Whether early stopping ends the run after that many epochs.</summary>
    public bool IsStalled(int epochs) => recipe.EarlyStopping is { } stopping && epochs > 0 && epochs - Epoch.LastRiseEpoch >= stopping.Patience;
}

/// <summary>
/// The best epoch so far, by validation accuracy, and the last epoch that counted as an improvement for early stopping. Epochs count from 1; 0 if there is none
/// yet.
/// </summary>
internal readonly record struct BestEpoch(double Accuracy, int Epoch, double LastRiseAccuracy, int LastRiseEpoch);

/// <summary>Stores the checkpoints of a run, to resume it later.</summary>
internal interface ICheckpointStore
{
    /// <summary>Whether a checkpoint is due: enough steps or time have passed, or the process is about to terminate. Called between two steps.</summary>
    /// <param name="steps">The number of finished steps of the whole run.</param>
    bool IsDue(long steps);

    /// <summary>Saves a checkpoint. If writing fails, the store logs a warning and the run continues.</summary>
    void Save(RunSnapshot snapshot);

    /// <summary>Loads the newest checkpoint that is not damaged; null if there is none.</summary>
    /// <param name="check">Throws an <see cref="InvalidDataException"/> if the run cannot resume from a checkpoint; the one before is tried then.</param>
    RunSnapshot? Load(Action<RunSnapshot> check);
}

/// <summary>The state of a run without its tensors: its progress, random streams and metrics.</summary>
internal sealed record RunPosition
{
    /// <summary>The number of finished epochs.</summary>
    public required int Epoch { get; init; }

    /// <summary>The number of finished steps of the current epoch.</summary>
    public required int Step { get; init; }

    /// <summary>The state of each random stream created so far: four words.</summary>
    public required IReadOnlyDictionary<string, ulong[]> Streams { get; init; }

    /// <summary>The sums over the finished steps of the current epoch.</summary>
    public required MetricSums Sums { get; init; }

    /// <summary>The seconds spent on the current epoch.</summary>
    public required double Seconds { get; init; }

    public required IReadOnlyList<EpochMetrics> History { get; init; }

    public required BestEpoch Best { get; init; }

    /// <summary>The number of CPU threads, which determines the order of some sums; 0 if unknown.</summary>
    public int Threads { get; init; }

    /// <summary>The factor on the learning rate after divergences.</summary>
    public double RateFactor { get; init; } = 1;

    /// <summary>The optimizer's step count over the whole run.</summary>
    public long OptimizerSteps { get; init; }
}

/// <summary>The complete state of a run between two steps, in managed memory.</summary>
internal sealed record RunSnapshot(RunPosition Position, NamedTensors Tensors);
