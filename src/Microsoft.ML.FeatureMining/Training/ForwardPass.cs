using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What one forward pass of the network gave, for the strategies that add losses.</summary>
public sealed class ForwardPass
{
    private readonly Tensor?[] _stages;
    private readonly Tensor?[] _pooled;

    internal ForwardPass(Batch batch, Tensor?[] stages, Tensor embedding, Tensor logits, ClassificationLoss criterion)
    {
        Batch = batch;
        _stages = stages;
        _pooled = new Tensor?[stages.Length];
        _pooled[^1] = embedding;
        Embedding = embedding;
        Logits = logits;
        Criterion = criterion;
    }

    /// <summary>The batch that the network saw.</summary>
    public Batch Batch { get; }

    /// <summary>Pooled features [N,C] of the last stage.</summary>
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
}
