using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>
/// Managed memory that the loader and a training step allocate per batch. Unlike times, bytes hardly differ between machines: a budget is what was measured,
/// and a fifth more. Raise one only for a reason.
/// </summary>
[Collection(nameof(SerialTests))]
public sealed class AllocationTests : IClassFixture<SingleThreadFixture>
{
    private const int Batches = 50;

    [Theory]
    [InlineData("cifar-resnet-8", 50)]
    [InlineData("cifar-resnet-20", 98)]
    public void Step_OfANetwork_StaysInItsBudget(string backbone, int kibibytes)
    {
        TrainingRecipe recipe = TinyRun.Recipe with { Backbone = backbone, BatchSize = 4, Epochs = 1, ReportEverySteps = 1000 };
        long perStep = (Fitted(recipe, steps: 10 + Batches) - Fitted(recipe, steps: 10)) / Batches;

        Assert.True(perStep > 0 && perStep <= kibibytes << 10, $"A step allocates {perStep} bytes; its budget is {kibibytes} KiB.");
    }

    // A batch of these images has 196,608 bytes of pixels.
    [Fact]
    public void Loader_WhenBatchesAreDisposed_ReusesTheirPixels()
    {
        ImageSet images = TinyData.Random(new ImageShape(3, 32, 32), count: 64, classes: 2);
        long perBatch = (Loaded(images, batches: 20 + Batches) - Loaded(images, batches: 20)) / Batches;

        Assert.True(perBatch <= 8 << 10, $"A batch allocates {perBatch} bytes; its budget is 8 KiB.");
    }

    private static long Fitted(TrainingRecipe recipe, int steps)
    {
        ImageSet train = TinyData.Bands(recipe.BatchSize * steps);
        return Allocated(() => TinyRun.Fit(recipe, train));
    }

    private static long Loaded(ImageSet images, int batches)
    {
        int[] order = [.. Enumerable.Range(0, 64 * batches).Select(i => i % 64)];
        return Allocated(() =>
        {
            foreach (HostBatch batch in BatchLoader.Load(images, order, batchSize: 64))
            {
                batch.Dispose();
            }
        });
    }

    // The first call compiles.
    private static long Allocated(Action act)
    {
        act();
        SerialTests.CollectGarbage();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        act();
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }
}
