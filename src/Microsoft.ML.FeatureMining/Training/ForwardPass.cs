using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>The results of one forward pass, for strategies that add losses.</summary>
public sealed class ForwardPass
{
    private readonly Tensor?[] _stages;
    private readonly Tensor?[] _pooled;
    private readonly IReadOnlyList<Tensor> _supervised;
    private readonly Func<RandomStream, Tensor>? _partnerLogits;
    private readonly Func<Tensor, Tensor>? _logitsOf;

    internal ForwardPass(
        Batch batch,
        Tensor?[] stages,
        Tensor embedding,
        Tensor logits,
        ClassificationLoss criterion,
        IReadOnlyList<Tensor>? supervised = null,
        Func<RandomStream, Tensor>? partnerLogits = null,
        Func<Tensor, Tensor>? logitsOf = null
    )
    {
        Batch = batch;
        _stages = stages;
        _pooled = new Tensor?[stages.Length];
        _supervised = supervised ?? [logits];
        Embedding = embedding;
        Logits = logits;
        Criterion = criterion;
        _partnerLogits = partnerLogits;
        _logitsOf = logitsOf;
    }

    /// <summary>The input batch.</summary>
    public Batch Batch { get; }

    /// <summary>The input of the classifier, [N,E]: for most heads, the last stage's features averaged over all positions.</summary>
    public Tensor Embedding { get; }

    /// <summary>The network's output [N,K].</summary>
    public Tensor Logits { get; }

    /// <summary>The loss function of the run, for additional classifiers.</summary>
    public ClassificationLoss Criterion { get; }

    /// <summary>The output [N,C,h,w] of a stage that the strategy keeps by <see cref="StrategyContext.KeepStage"/>.</summary>
    /// <exception cref="InvalidOperationException">No strategy keeps this stage.</exception>
    public Tensor Stage(int index) =>
        _stages[index] ?? throw new InvalidOperationException($"Stage {index} was not kept; call StrategyContext.KeepStage({index}) in Start.");

    /// <summary>The output of a kept stage averaged over all positions, [N,C]; computed once per step.</summary>
    public Tensor PooledStage(int index) => _pooled[index] ??= ImageNetwork.Pool(Stage(index));

    /// <summary>
    /// The network's output [N,K] for partner images, without gradient. The partner of an image is a random training image of the same class, drawn uniformly;
    /// it may be the image itself. Partners are augmented and go through the network in a separate forward pass. A strategy that calls this must have
    /// <see cref="StrategyTraits.DrawsImages"/>.
    /// </summary>
    /// <param name="draws">The random stream that chooses the partners: <see cref="StrategyContext.Random"/>.</param>
    public Tensor PartnerLogits(RandomStream draws)
    {
        ArgumentNullException.ThrowIfNull(draws);
        return _partnerLogits?.Invoke(draws)
            ?? throw new InvalidOperationException("PartnerLogits is not available: this forward pass has no training set to draw from.");
    }

    /// <summary>
    /// The network's output [N,K] for other images, with gradient, such as changed copies of the batch. They go through the network as a separate batch in
    /// training mode: BatchNorm uses the statistics of this batch and updates its running statistics. Strategies do not see the stages of this pass.
    /// </summary>
    /// <param name="images">Normalized images [N,C,H,W], as in <see cref="Batch"/>.</param>
    public Tensor LogitsOf(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        return _logitsOf?.Invoke(images) ?? throw new InvalidOperationException("LogitsOf is not available: this forward pass has no network.");
    }

    /// <summary>The loss: its mean over all logits that the head supervises.</summary>
    internal Tensor Loss()
    {
        Tensor sum = _supervised.Select(logits => Criterion.Compute(logits, Batch.Targets)).Aggregate((one, other) => one.Add(other));
        return _supervised.Count == 1 ? sum : sum.Div(_supervised.Count);
    }
}

/// <summary>The named terms of the loss of one step. They are summed in the order in which they are added.</summary>
public sealed class LossLedger
{
    private readonly List<(string Name, Tensor Value, double Weight)> _entries = [];

    internal LossLedger() { }

    /// <summary>Adds a term: <paramref name="weight"/> times a scalar.</summary>
    public void Add(string name, Tensor value, double weight = 1)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        _entries.Add((name, value, weight));
    }

    /// <summary>Multiplies the weight of the first term, which is the criterion.</summary>
    public void ScaleCriterion(double factor) => _entries[0] = _entries[0] with { Weight = _entries[0].Weight * factor };

    /// <summary>The name and the unweighted value of each term.</summary>
    public IEnumerable<(string Name, Tensor Value)> Entries => _entries.Select(entry => (entry.Name, entry.Value));

    internal Tensor Total()
    {
        Tensor Weighted((string Name, Tensor Value, double Weight) entry) => entry.Weight == 1 ? entry.Value : entry.Value.Mul(entry.Weight);
        return _entries.Skip(1).Aggregate(Weighted(_entries[0]), (sum, entry) => sum.Add(Weighted(entry)));
    }
}

/// <summary>One batch on the training device. Immutable: a strategy that changes it returns a new batch.</summary>
/// <param name="Images">Normalized images [N,C,H,W], float.</param>
/// <param name="Targets">Target distributions [N,K], float; one-hot for a hard label.</param>
public sealed record Batch(Tensor Images, Tensor Targets)
{
    /// <summary>The images from <paramref name="start"/> (included) to <paramref name="end"/> (excluded).</summary>
    internal Batch Slice(long start, long end) => new(Images.narrow(0, start, end - start), Targets.narrow(0, start, end - start));
}

/// <summary>Converts labels to targets.</summary>
internal static class Targets
{
    /// <summary>[N,K]: one-hot, or 1 for each class in the label's set.</summary>
    public static Tensor Of(HostBatch batch, ImageSet set, Device device) =>
        set.LabelSets is { } sets
            ? batch.Labels.SelectMany(label => sets[(int)label]).ToArray().Upload(device, batch.Count, set.ClassCount)
            : nn.functional.one_hot(batch.Labels.Upload(device), set.ClassCount).to(ScalarType.Float32);
}

/// <summary>The position of a step in the run.</summary>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Epochs">The number of epochs of the run.</param>
/// <param name="Step">The step within the epoch, from 0.</param>
/// <param name="StepsPerEpoch">The number of steps per epoch.</param>
public readonly record struct TrainingClock(int Epoch, int Epochs, int Step, int StepsPerEpoch)
{
    /// <summary>The finished fraction of the run, in [0, 1).</summary>
    public double Progress => (Epoch + (double)Step / StepsPerEpoch) / Epochs;

    /// <summary>The number of steps of the run before this one.</summary>
    internal long StepOfRun => ((long)Epoch * StepsPerEpoch) + Step;
}
