using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// Checks that a run can resume from a snapshot. A file may be damaged although its hash is right: the content was damaged before the hash was computed.
/// </summary>
internal sealed class SnapshotCheck(TrainingRecipe recipe, TrainingTask task)
{
    /// <exception cref="InvalidDataException">The run cannot resume from the snapshot. Nothing has been changed.</exception>
    public void Run(RunSnapshot snapshot)
    {
        if (PositionProblem(snapshot.Position) is { } problem)
        {
            throw new InvalidDataException($"The state of the run is damaged: {problem}.");
        }

        NamedTensors best = snapshot.Tensors.Within(RunState.BestPrefix);
        if (best.Tensors.Count > 0 || (recipe.KeepWeights == KeepWeights.Best && snapshot.Position.Best.Epoch > 0))
        {
            CheckTensors(best, task.ModelState());
        }

        CheckTensors(snapshot.Tensors.Where(RunState.IsState), task.FullState());
        CheckOrder(snapshot.Tensors.Tensors.FirstOrDefault(tensor => tensor.Name == RunState.OrderName), snapshot.Position.Step);
    }

    private string? PositionProblem(RunPosition position) =>
        position.Epoch < 0 || position.Epoch > recipe.Epochs ? FormattableString.Invariant($"its epoch is {position.Epoch} of {recipe.Epochs}")
        : position.Step < 0 || position.Step > BatchLoader.Batches(task.Images.Count, recipe.ImagesPerStep)
            ? FormattableString.Invariant($"its step is {position.Step}")
        : position.History.Count(epoch => epoch.Epoch > 0) != position.Epoch
            ? FormattableString.Invariant($"it has metrics of {position.History.Count(epoch => epoch.Epoch > 0)} epochs, but {position.Epoch} are finished")
        : position.Best.Epoch < 0 || position.Best.Epoch > position.Epoch
            ? FormattableString.Invariant($"its best epoch is {position.Best.Epoch} of {position.Epoch}")
        : !(
            position.Sums is { Images: >= 0 } sums
            && sums.Images <= task.Images.Count
            && double.IsFinite(sums.Loss)
            && sums.Hits >= 0
            && sums.Hits <= sums.Images
        )
            ? FormattableString.Invariant($"its sums are {position.Sums}")
        : !(position.RateFactor is > 0 and <= 1) ? FormattableString.Invariant($"its factor of the learning rate is {position.RateFactor}")
        : !(position.Seconds is >= 0 and < double.PositiveInfinity) || position.OptimizerSteps < 0 ? "a count is negative"
        : position.Streams.FirstOrDefault(stream => stream.Value.All(word => word == 0)).Key is { } name ? $"the random stream '{name}' is all zeros"
        : null;

    private void CheckOrder(NamedTensor? order, int step)
    {
        bool isValid = order is null
            ? step == 0
            : order.Type == ScalarType.Int32
                && order.Bytes.Length == task.Images.Count * sizeof(int)
                && MemoryMarshal.Cast<byte, int>(order.Bytes).ToArray().All(index => index >= 0 && index < task.Images.Count);
        if (!isValid)
        {
            throw new InvalidDataException("The order of the images is damaged.");
        }
    }

    private static void CheckTensors(NamedTensors saved, IEnumerable<(string Name, Tensor Value)> state)
    {
        Dictionary<string, Tensor> left = state.ToDictionary(entry => entry.Name, entry => entry.Value, StringComparer.Ordinal);
        foreach (NamedTensor tensor in saved.Tensors)
        {
            if (!left.Remove(tensor.Name, out Tensor? target) || tensor.Type != target.dtype || !tensor.Shape.SequenceEqual(target.shape))
            {
                throw new InvalidDataException($"The tensor '{tensor.Name}' ({tensor.Type} [{string.Join(',', tensor.Shape)}]) is not one of this run.");
            }

            if (!IsFinite(tensor))
            {
                throw new InvalidDataException($"The tensor '{tensor.Name}' has values that are NaN or infinite.");
            }
        }

        if (left.Count > 0)
        {
            throw new InvalidDataException($"The tensor '{left.Keys.First()}' is missing.");
        }
    }

    private static bool IsFinite(NamedTensor tensor) =>
        tensor.Type switch
        {
            ScalarType.Float32 => IsFinite(MemoryMarshal.Cast<byte, float>(tensor.Bytes)),
            ScalarType.Float64 => IsFinite(MemoryMarshal.Cast<byte, double>(tensor.Bytes)),
            _ => true,
        };

    private static bool IsFinite<T>(ReadOnlySpan<T> values)
        where T : IFloatingPoint<T>
    {
        foreach (T value in values)
        {
            if (!T.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }
}
