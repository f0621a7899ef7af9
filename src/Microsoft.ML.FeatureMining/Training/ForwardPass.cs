using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
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
