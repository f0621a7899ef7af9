using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Training.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Distributed;

/// <summary>BatchNorm's running statistics after a step of several batches.</summary>
public sealed class RunningBuffersTests : IClassFixture<SingleThreadFixture>
{
    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    [InlineData(3, 4)]
    public void Combine_EqualBatches_MakesAsManyUpdatesAsBatches(int batches, int world)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor images = tensor([1f, 2f, 3f, 6f, -1f, 0.5f], [3, 2]);
        using BatchNormLayer expected = new(2, momentum: 0.3);
        for (int batch = 0; batch < batches; batch++)
        {
            expected.call(images);
        }

        float[][] statistics = ThreadCommunicator.Run(world, ranks => Step(ranks, batches, _ => images));

        Assert.All(statistics, own => TensorAssert.CloseValues(Statistics(expected), own, 1e-6, "statistics"));
    }

    [Fact]
    public void Combine_DifferentBatches_UpdatesWithTheMeanOfTheirStatistics()
    {
        using DisposeScope scope = NewDisposeScope();
        // Means 0 and 4; both have the variance 2.
        Tensor[] images = [tensor([1f, -1f], [2, 1]), tensor([5f, 3f], [2, 1])];

        float[] statistics = Step(new SingleProcess(), 2, batch => images[batch], channels: 1);

        // Two updates with momentum 0.3: r = 0.49 r + 0.51 s.
        TensorAssert.CloseValues([0.51f * 2, 0.49f + (0.51f * 2), 2], statistics, 1e-6, "mean, variance, batches");
    }

    [Fact]
    public void Combine_FrozenBatchNorm_ChangesNothing()
    {
        using DisposeScope scope = NewDisposeScope();

        float[][] statistics = ThreadCommunicator.Run(2, ranks => Step(ranks, 3, batch => torch.full([2, 2], batch + 0.1f), prepare: norm => norm.eval()));

        Assert.All(statistics, own => Assert.Equal([0f, 0f, 1f, 1f, 0f], own));
    }

    private static float[] Step(ICommunicator ranks, int batches, Func<int, Tensor> imagesOf, int channels = 2, Action<BatchNormLayer>? prepare = null)
    {
        using DisposeScope scope = NewDisposeScope();
        using BatchNormLayer norm = new(channels, momentum: 0.3);
        prepare?.Invoke(norm);
        using RunningBuffers buffers = new([norm], ranks);
        buffers.Begin();
        for (int batch = ranks.Rank; batch < batches; batch += ranks.World)
        {
            norm.call(imagesOf(batch));
            buffers.EndBatch(isOnly: batches == 1);
        }

        buffers.Combine(batches);
        return Statistics(norm);
    }

    private static float[] Statistics(BatchNormLayer norm) =>
        [.. TensorAssert.Values(norm.running_mean!), .. TensorAssert.Values(norm.running_var!), .. TensorAssert.Values(norm.num_batches_tracked!)];
}
