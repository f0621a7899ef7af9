using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Tests.Imaging;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Microsoft.ML.FeatureMining.Tests.Models;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>
/// Managed memory that the loader, a training step and scoring allocate. Unlike times, bytes hardly differ between machines: a budget is what was measured,
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

    // The pixels of an image have 12,288 bytes. Without reuse, they would come on top.
    [Fact]
    public void Transform_OfImages_ReusesTheMemoryOfTheirPixels()
    {
        long perImage = (Scored(images: 64 * 20) - Scored(images: 64 * 10)) / (64 * 10);

        Assert.True(perImage > 0 && perImage <= 16 << 10, $"An image allocates {perImage} bytes; its budget is 16 KiB.");
    }

    [Fact]
    public void PredictionEngine_OfAnImage_StaysInItsBudget()
    {
        ImageClassificationTransformer model = Model();
        using PredictionEngine<EncodedImage, ImagePrediction> engine = new MLContext(1).Model.CreatePredictionEngine<EncodedImage, ImagePrediction>(model);
        (EncodedImage image, ImagePrediction prediction) = (new EncodedImage { Image = Goldens.Picture("rgb.png") }, new ImagePrediction());
        long perImage = Allocated(() =>
        {
            for (int i = 0; i < Batches; i++)
            {
                engine.Predict(image, ref prediction);
            }
        });
        perImage /= Batches;

        Assert.True(perImage <= 34 << 10, $"A prediction allocates {perImage} bytes; its budget is 34 KiB.");
    }

    private static long Scored(int images)
    {
        using ImageClassificationTransformer model = Model();
        MLContext ml = new(1);
        EncodedImage image = new() { Image = Goldens.Picture("rgb.png") };
        IDataView scored = model.Transform(ml.Data.LoadFromEnumerable(Enumerable.Repeat(image, images)));
        return Allocated(() =>
        {
            using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]);
            ValueGetter<VBuffer<float>> getScore = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
            VBuffer<float> score = default;
            while (cursor.MoveNext())
            {
                getScore(ref score);
            }
        });
    }

    private static ImageClassificationTransformer Model() => new(new MLContext(1), TinySavedModel.Make(channels: 3, size: 64), new ScoringSettings());

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

    // The first call compiles. On a busy machine, more batches are ready at once, and need more memory: the least of several is taken.
    private static long Allocated(Action act)
    {
        act();
        return Enumerable.Range(0, 3).Min(_ => Once());

        long Once()
        {
            SerialTests.CollectGarbage();
            long before = GC.GetTotalAllocatedBytes(precise: true);
            act();
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        }
    }
}
