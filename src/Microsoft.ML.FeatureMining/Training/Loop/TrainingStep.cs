using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// One step: augment and normalize the images; forward; one backward pass; one optimizer step. Nothing in it waits for the device. With gradient accumulation,
/// or if a batch does not fit into the device's memory, the batch goes through in pieces, and their gradients are accumulated.
/// </summary>
internal sealed class TrainingStep(TrainingRecipe recipe, TrainingTask task, RandomStreams random, TrainingHost host)
{
    private int _imagesAtOnce = recipe.BatchSize;

    /// <returns>The batch's <see cref="BatchSums"/>.</returns>
    public Tensor Take(HostBatch loaded, TrainingClock clock, double rate)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor sums = Accumulate(loaded, clock);
        task.Step(rate);
        return sums.MoveToOuterDisposeScope();
    }

    private Tensor Accumulate(HostBatch loaded, TrainingClock clock)
    {
        while (true)
        {
            IReadOnlyDictionary<string, ulong[]> before = random.Capture();
            try
            {
                return BackwardInPieces(loaded, clock);
            }
            catch (Exception e) when (OutOfMemory.Matches(e) && _imagesAtOnce > 1 && loaded.Count > 1)
            {
                random.Restore(before);
                _imagesAtOnce = (Math.Min(_imagesAtOnce, loaded.Count) + 1) / 2;
                host.Warn(
                    $"Out of memory on {host.Device} with a batch of {loaded.Count} images. From now on, "
                        + $"batches are split into {Pieces(loaded)} pieces with gradient accumulation."
                );
            }
        }
    }

    private Tensor BackwardInPieces(HostBatch loaded, TrainingClock clock)
    {
        using DisposeScope scope = NewDisposeScope();
        task.Optimizer.ZeroGradients();
        Func<int, int, PieceLoss> lossOf = task.Prepare(loaded, clock);
        Tensor sums = zeros([2], dtype: ScalarType.Float64, device: host.Device);
        int pieces = Pieces(loaded);
        for (int piece = 0; piece < pieces; piece++)
        {
            int start = piece * _imagesAtOnce,
                end = piece == pieces - 1 ? loaded.Count : start + _imagesAtOnce;
            sums = sums.Add(Backward(lossOf, start, end, loaded.Count));
        }

        return sums.MoveToOuterDisposeScope();
    }

    // Split like an epoch into batches: no piece has a single image, and pairs of images stay together unless half a batch is an odd number.
    private int Pieces(HostBatch loaded) => BatchLoader.Batches(loaded.Count, _imagesAtOnce);

    private static Tensor Backward(Func<int, int, PieceLoss> lossOf, int start, int end, int count)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor total, Tensor sums) = lossOf(start, end);
        double share = (end - start) / (double)count;
        (share < 1 ? total.Mul(share) : total).backward();
        return sums.MoveToOuterDisposeScope();
    }
}

/// <summary>Detects libtorch's out-of-memory errors by message: TorchSharp has no exception type for them.</summary>
internal static class OutOfMemory
{
    public static bool Matches(Exception exception) =>
        exception is OutOfMemoryException
        || (
            exception is ExternalException
            && Array.Exists(
                ["out of memory", "can't allocate memory", "not enough memory"],
                text => exception.Message.Contains(text, StringComparison.OrdinalIgnoreCase)
            )
        );
}

/// <summary>
/// Clips gradients by global norm. TorchSharp's torch.nn.utils.clip_grad_norm_ returns the norm as a number, which would wait for the device.
/// </summary>
internal static class GradientClipping
{
    // The same value as in PyTorch.
    private const double Epsilon = 1e-6;

    /// <summary>Scales the gradients by min(1, maxNorm / (norm + 1e-6)), where norm is the L2 norm of all gradients together.</summary>
    public static void Clip(IReadOnlyList<Parameter> parameters, double maxNorm)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor[] gradients = [.. parameters.Select(parameter => parameter.grad!)];
        Tensor norm = stack([.. gradients.Select(gradient => gradient.norm())]).norm();
        Tensor factor = norm.Add(Epsilon).reciprocal().Mul(maxNorm).ClampMax(1);
        foreach (Tensor gradient in gradients)
        {
            gradient.mul_(factor);
        }
    }
}
