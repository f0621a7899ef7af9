using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// One step: for each batch, augment and normalize the images, forward, one backward pass; then one optimizer step. A step of one batch never waits for the
/// device. With gradient accumulation, a step has several batches, which are shared between the ranks. Each batch is computed as if it were alone: its
/// gradient, its random numbers and its changes of buffers do not depend on the other batches, and all of them are combined in the order of the batches. So
/// the result is the same for any number of ranks. A batch that does not fit into the device's memory goes through in pieces, on all ranks alike.
/// </summary>
internal sealed class TrainingStep(TrainingRecipe recipe, TrainingTask task, RandomStreams random, TrainingHost host) : IDisposable
{
    private readonly RunningBuffers _buffers = new(task.Modules(), host.Ranks);
    private readonly RunningSum _gradients = new();
    private int _imagesAtOnce = recipe.BatchSize;

    // The largest step so far that fitted into the device's memory, in elements of its images.
    private long _fitted;

    /// <returns>The <see cref="BatchSums"/> of all images of the step.</returns>
    public Tensor Take(StepImages images, TrainingClock clock, double rate)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor sums = Accumulate(images, clock);
        if (recipe.ClipGradientNorm is { } maxNorm)
        {
            GradientClipping.Clip(task.Optimizer.Flat, maxNorm);
        }

        task.Optimizer.Step(rate);
        task.UpdateAverage();
        return sums.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _buffers.Dispose();
        _gradients.Dispose();
    }

    private Tensor Accumulate(StepImages images, TrainingClock clock)
    {
        ICommunicator ranks = host.Ranks;
        Tensor gradients = task.Optimizer.Flat.Gradients;
        Tensor sums = zeros([images.Batches, 2], ScalarType.Float64, host.Device);
        // A single batch on a single rank needs no combining. If it may not fit, the buffers must be restored before the next try.
        bool combines = images.Batches > 1 || ranks.World > 1;
        long size = (long)images.Count * recipe.InputAt(clock.Epoch).Length;
        if (combines || size > _fitted)
        {
            _buffers.Begin();
        }

        for (int first = 0; first < images.Batches; first += ranks.World)
        {
            int own = first + ranks.Rank;
            using HostBatch? loaded = own < images.Batches ? images.Next() : null;
            BackwardUntilItFits(loaded, own, images.Count, clock, sums);
            if (combines)
            {
                if (loaded is not null)
                {
                    _buffers.EndBatch(isOnly: images.Batches == 1);
                }

                ranks.Sum(gradients, _gradients, more: first + ranks.World < images.Batches);
            }
        }

        if (combines)
        {
            _buffers.Combine(images.Batches);
            ranks.Sum(sums);
        }
        else
        {
            _buffers.Keep();
        }

        _fitted = Math.Max(_fitted, size);

        return InOrder(sums);
    }

    // In the order of the batches, as libtorch's sum has an order of its own.
    private static Tensor InOrder(Tensor sums)
    {
        Tensor total = zeros_like(sums[0]);
        for (int batch = 0; batch < sums.shape[0]; batch++)
        {
            total = total.Add(sums[batch]);
        }

        return total;
    }

    // Nothing is loaded if this rank has no batch in this round. All ranks decide together, and those that had enough memory compute their batch again, so that
    // all batches are split alike.
    private void BackwardUntilItFits(HostBatch? loaded, int batch, int count, TrainingClock clock, Tensor sums)
    {
        while (true)
        {
            IReadOnlyDictionary<string, ulong[]> before = random.Capture();
            bool isTooLarge = false;
            try
            {
                task.Optimizer.Flat.ZeroGradients();
                if (loaded is not null)
                {
                    using IDisposable? part = batch == 0 ? null : random.EnterPart(clock.StepOfRun, batch);
                    Backward(loaded, count, clock, sums[batch]);
                }
            }
            catch (Exception e) when (OutOfMemory.Matches(e) && _imagesAtOnce > 1 && loaded!.Count > 1)
            {
                isTooLarge = true;
            }

            if (!host.Ranks.Any(isTooLarge))
            {
                return;
            }

            random.Restore(before);
            _buffers.Restore();
            _imagesAtOnce = (_imagesAtOnce + 1) / 2;
            host.Warn(
                $"Out of memory on {host.Device} with a batch of {recipe.BatchSize} images. From now on, "
                    + $"batches are split into {BatchLoader.Batches(recipe.BatchSize, _imagesAtOnce)} pieces with gradient accumulation."
            );
        }
    }

    private void Backward(HostBatch loaded, int count, TrainingClock clock, Tensor sums)
    {
        using DisposeScope scope = NewDisposeScope();
        Func<int, int, PieceLoss> lossOf = task.Prepare(loaded, clock);
        Tensor total = zeros([2], dtype: ScalarType.Float64, device: host.Device);
        // Split like an epoch into batches: no piece has a single image, and pairs of images stay together unless half a batch is an odd number.
        int pieces = BatchLoader.Batches(loaded.Count, _imagesAtOnce);
        for (int piece = 0; piece < pieces; piece++)
        {
            int start = piece * _imagesAtOnce,
                end = piece == pieces - 1 ? loaded.Count : start + _imagesAtOnce;
            total = total.Add(Backward(lossOf, start, end, count));
        }

        using IDisposable noGrad = no_grad();
        sums.copy_(total);
    }

    private Tensor Backward(Func<int, int, PieceLoss> lossOf, int start, int end, int count)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor total, Tensor sums) = lossOf(start, end);
        double share = (end - start) / (double)count;
        (share < 1 ? total.Mul(share) : total).backward();
        task.Optimizer.Flat.CollectGradients();
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
                // The last three: cuDNN and cuBLAS have no memory to work in.
                [
                    "out of memory",
                    "can't allocate memory",
                    "not enough memory",
                    "CUDNN_STATUS_ALLOC_FAILED",
                    "CUBLAS_STATUS_ALLOC_FAILED",
                    "unable to find an engine",
                ],
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
    public static void Clip(FlatParameters parameters, double maxNorm)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        // The norm of each gradient first: the sum of all squares at once would be less exact in float32.
        Tensor norm = stack([.. parameters.Parameters.Select(parameter => parameter.grad!.norm())]).norm();
        parameters.Gradients.mul_(norm.Add(Epsilon).reciprocal().Mul(maxNorm).ClampMax(1));
    }
}
