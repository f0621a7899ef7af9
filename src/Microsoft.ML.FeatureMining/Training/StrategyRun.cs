using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// All state of one strategy in one Fit. Hooks take values and give values; the default of each does nothing. The loop calls them in the order of the
/// recipe: <see cref="Order"/> once an epoch; in each step <see cref="Prepare"/>, then <see cref="OnStage"/> stage by stage, then <see cref="AddLosses"/>, one backward pass, one step.
/// </summary>
/// <remarks>
/// A checkpoint keeps <see cref="StrategyContext.Random"/> and the parameters and buffers of modules that were added (<see cref="StrategyContext.AddModule"/>), and no fields: what a resumed run needs
/// belongs into a buffer.
/// </remarks>
public abstract class StrategyRun
{
    /// <summary>
    /// Rearranges an epoch: from the indices of all training images, freshly shuffled, to the same indices in the order in which batches take them. Draws nothing and
    /// keeps nothing, so that an epoch can be taken up again in its middle.
    /// </summary>
    /// <param name="order">The indices.</param>
    /// <param name="labels">For each index its class.</param>
    /// <param name="batchSize">Images that go through the network together; the last may be fewer.</param>
    public virtual int[] Order(int[] order, IReadOnlyList<int> labels, int batchSize) => order;

    /// <summary>Replaces a batch, as Mixup does. Returns the same object to leave it.</summary>
    public virtual Batch Prepare(Batch batch, TrainingClock clock) => batch;

    /// <summary>Sees, or replaces, the output [N,C,h,w] of stage <paramref name="stage"/> (from 0) before the next stage takes it.</summary>
    public virtual Tensor OnStage(int stage, Tensor features, TrainingClock clock) => features;

    /// <summary>Adds loss terms to the criterion.</summary>
    public virtual void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
    {
    }

    /// <summary>Called when an epoch and its validation are over.</summary>
    public virtual void EndEpoch(EpochMetrics metrics)
    {
    }
}
