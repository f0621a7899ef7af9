using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What one forward pass of the network gave, for the strategies that add losses.</summary>
public sealed class ForwardPass
{
    private readonly Tensor?[] _stages;
    private readonly Tensor?[] _pooled;
    private readonly IReadOnlyList<Tensor> _supervised;
    private readonly Func<RandomStream, Tensor>? _partnerLogits;

    internal ForwardPass(
        Batch batch, Tensor?[] stages, Tensor embedding, Tensor logits, ClassificationLoss criterion, IReadOnlyList<Tensor>? supervised = null, Func<RandomStream, Tensor>? partnerLogits = null)
    {
        Batch = batch;
        _stages = stages;
        _pooled = new Tensor?[stages.Length];
        _supervised = supervised ?? [logits];
        Embedding = embedding;
        Logits = logits;
        Criterion = criterion;
        _partnerLogits = partnerLogits;
    }

    /// <summary>The batch that the network saw.</summary>
    public Batch Batch { get; }

    /// <summary>What the head made of the last stage's features for its classifier, [N,E]: with most heads their mean over all positions.</summary>
    public Tensor Embedding { get; }

    /// <summary>The network's output [N,K].</summary>
    public Tensor Logits { get; }

    /// <summary>The run's criterion, for terms that classify as the network does.</summary>
    public ClassificationLoss Criterion { get; }

    /// <summary>The output [N,C,h,w] of a stage that the strategy asked to keep.</summary>
    /// <exception cref="InvalidOperationException">No strategy asked for it.</exception>
    public Tensor Stage(int index) => _stages[index]
        ?? throw new InvalidOperationException($"Stage {index} was not kept; call StrategyContext.KeepStage({index}) in Start.");

    /// <summary>The mean over all positions of a kept stage, [N,C], computed once a step.</summary>
    public Tensor PooledStage(int index) => _pooled[index] ??= ImageNetwork.Pool(Stage(index));

    /// <summary>
    /// The network's output [N,K], without gradient, for partners: for each image of the batch, as it was loaded, another training image of its class, each as likely, the image itself included. They are
    /// augmented, and go through the network in a forward pass of their own. A strategy that asks for them has <see cref="StrategyTraits.DrawsImages"/>.
    /// </summary>
    /// <param name="draws">Chooses the partners: <see cref="StrategyContext.Random"/>.</param>
    public Tensor PartnerLogits(RandomStream draws)
    {
        ArgumentNullException.ThrowIfNull(draws);
        return _partnerLogits?.Invoke(draws) ?? throw new InvalidOperationException("This pass has no training set to draw from.");
    }

    /// <summary>The criterion's value: the mean over all logits that the head wants supervised.</summary>
    internal Tensor Loss()
    {
        Tensor sum = _supervised.Select(logits => Criterion.Compute(logits, Batch.Targets)).Aggregate((one, other) => one.Add(other));
        return _supervised.Count == 1 ? sum : sum.Div(_supervised.Count);
    }
}

/// <summary>The named addends of one step's loss, summed in the order in which they were added.</summary>
public sealed class LossLedger
{
    private readonly List<(string Name, Tensor Value, double Weight)> _entries = [];

    internal LossLedger()
    {
    }

    /// <summary>Adds <paramref name="weight"/> times a scalar.</summary>
    public void Add(string name, Tensor value, double weight = 1) => _entries.Add((name, value, weight));

    /// <summary>Name and unweighted value of each addend.</summary>
    public IEnumerable<(string Name, Tensor Value)> Entries => _entries.Select(entry => (entry.Name, entry.Value));

    internal Tensor Total()
    {
        Tensor Weighted((string Name, Tensor Value, double Weight) entry) => entry.Weight == 1 ? entry.Value : entry.Value.Mul(entry.Weight);
        return _entries.Skip(1).Aggregate(Weighted(_entries[0]), (sum, entry) => sum.Add(Weighted(entry)));
    }
}

/// <summary>One batch on the training device. Never edited: a strategy that changes it returns a new one.</summary>
/// <param name="Images">Normalized images [N,C,H,W], float.</param>
/// <param name="Targets">Target distributions [N,K], float; a hard label is its one-hot row.</param>
public sealed record Batch(Tensor Images, Tensor Targets)
{
    /// <summary>The images from <paramref name="start"/> up to <paramref name="end"/>, without it.</summary>
    internal Batch Slice(long start, long end) => new(Images.narrow(0, start, end - start), Targets.narrow(0, start, end - start));
}

/// <summary>From labels to targets.</summary>
internal static class Targets
{
    /// <summary>[N,K]: one-hot, or 1 at each class of the label's set.</summary>
    public static Tensor Of(HostBatch batch, ImageSet set, Device device) => set.LabelSets is { } sets
        ? tensor(batch.Labels.SelectMany(label => sets[(int)label]).ToArray(), [batch.Count, set.ClassCount], device: device)
        : nn.functional.one_hot(tensor(batch.Labels, device: device), set.ClassCount).to(ScalarType.Float32);
}

/// <summary>Where in the run a step is.</summary>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Epochs">All epochs of the run.</param>
/// <param name="Step">The step within the epoch, from 0.</param>
/// <param name="StepsPerEpoch">Steps of each epoch.</param>
public readonly record struct TrainingClock(int Epoch, int Epochs, int Step, int StepsPerEpoch)
{
    /// <summary>The share of the run that is done, in [0, 1).</summary>
    public double Progress => (Epoch + (double)Step / StepsPerEpoch) / Epochs;
}
