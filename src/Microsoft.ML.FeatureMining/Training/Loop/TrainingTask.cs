using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// What a run trains: a network, the loss of a batch, and validation. Epochs, steps, pieces of a batch, checkpoints, best weights and reports are the loop's,
/// and the same for all tasks.
/// </summary>
internal abstract class TrainingTask : IDisposable
{
    /// <summary>The training images.</summary>
    public abstract ImageSet Images { get; }

    /// <summary>The mean and standard deviation that normalize the network's input.</summary>
    public abstract ChannelStatistics Pixels { get; }

    public abstract OptimizerRun Optimizer { get; }

    /// <summary>Whether there is a validation set.</summary>
    public abstract bool Validates { get; }

    /// <summary>Whether training images have an accuracy: whether the sums of a batch count hits.</summary>
    public virtual bool HasAccuracy => true;

    /// <summary>The strides between the stages, if the network predicts with exits; else null.</summary>
    public virtual IReadOnlyList<StageStride>? Exits => null;

    /// <summary>The network that is validated, kept as the best weights, and returned: the EMA of the weights if there is one, else what is trained.</summary>
    protected abstract nn.Module Model { get; }

    /// <summary>Parameters and buffers of the <see cref="Model"/>.</summary>
    public abstract IEnumerable<(string Name, Tensor Value)> ModelState();

    /// <summary>Parameters and buffers of the network that is trained, under the names of the <see cref="Model"/>.</summary>
    public abstract IEnumerable<(string Name, Tensor Value)> TrainedState();

    /// <summary>Parameters and buffers of all that is trained.</summary>
    public abstract IEnumerable<(string Name, Tensor Value)> NamedState();

    /// <summary>All tensors that a checkpoint needs: <see cref="NamedState"/>, the state of the optimizer, and the EMA of the weights.</summary>
    public IEnumerable<(string Name, Tensor Value)> FullState() =>
        [
            .. NamedState(),
            .. Optimizer.NamedState().Select(entry => ($"optimizer/{entry.Name}", entry.Value)),
            .. AverageState().Select(entry => ($"average/{entry.Name}", entry.Value)),
        ];

    /// <summary>Parameters and buffers of the EMA of the weights; empty without one.</summary>
    public abstract IEnumerable<(string Name, Tensor Value)> AverageState();

    /// <summary>The modules that a forward pass uses.</summary>
    public abstract IEnumerable<nn.Module> Modules();

    /// <summary>The number of parameters of the model.</summary>
    public long CountParameters() => Model.parameters().Sum(parameter => parameter.numel());

    /// <summary>Draws the order of the images of an epoch.</summary>
    public abstract int[] DrawOrder();

    /// <summary>Puts the network in training mode; frozen parts stay in evaluation mode.</summary>
    public abstract void Train();

    /// <summary>Moves a batch to the device and augments it.</summary>
    /// <returns>Computes the loss of the images from Start (included) to End (excluded).</returns>
    public abstract Func<int, int, PieceLoss> Prepare(HostBatch loaded, TrainingClock clock);

    /// <summary>Updates the EMA of the weights after a step, if there is one.</summary>
    public abstract void UpdateAverage();

    /// <summary>Fits the head before the first epoch (<see cref="FineTuning.FitHead"/>).</summary>
    /// <param name="metrics">Receives the loss and the hits of the head.</param>
    /// <param name="isCanceled">Called before each batch.</param>
    /// <returns>Whether it was not canceled.</returns>
    public virtual bool FitHead(RunningMetrics metrics, Func<bool> isCanceled) => throw new InvalidOperationException($"{GetType()} has no head to fit.");

    /// <param name="isCanceled">Called before each batch.</param>
    /// <returns>The mean loss and the accuracy (for object detection, the mean average precision) on the validation set; null if canceled.</returns>
    public abstract (double Loss, double Accuracy)? Validate(Func<bool> isCanceled);

    /// <summary>Tells strategies that an epoch has ended.</summary>
    public virtual void EndEpoch(EpochMetrics metrics) { }

    /// <summary>Whether all weights and running statistics are finite. Waits for the device.</summary>
    public bool AreFinite()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return stack([.. NamedState().Where(entry => is_floating_point(entry.Value.dtype)).Select(entry => entry.Value.isfinite().all())])
            .all()
            .cpu()
            .item<bool>();
    }

    public abstract void Dispose();
}

/// <summary>The loss of some images of a batch.</summary>
/// <param name="Total">The scalar to minimize, with all terms: a mean over the images.</param>
/// <param name="Sums">[2], what is reported: the loss summed over the images, and the number of hits; see <see cref="BatchSums"/>.</param>
internal readonly record struct PieceLoss(Tensor Total, Tensor Sums);
