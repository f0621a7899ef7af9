using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Microsoft.ML.FeatureMining.Tests.Training;
using TorchSharp;
using Xunit.Abstractions;

namespace Microsoft.ML.FeatureMining.Tests.Faults;

/// <summary>Long runs, many Fits, many predictions and many threads do not grow memory. Not run in parallel with other tests.</summary>
[Trait("Category", "Faults")]
[Collection(nameof(SerialTests))]
public sealed class EnduranceTests(ITestOutputHelper output) : IClassFixture<SingleThreadFixture>
{
    [Fact]
    public void Steps_Many_DoNotGrowMemory()
    {
        int epochs = TestLength.Of(60, 2000);
        List<(long Tensors, long Resident)> marks = [];

        // Five steps per epoch.
        TinyRun.Fit(
            TinyRun.Recipe with
            {
                Epochs = epochs,
                Strategies = [new Microsoft.ML.FeatureMining.Strategies.FeatureMining { Stages = 2 }],
            },
            TinyData.Bands(40),
            progress: report =>
            {
                if (report.Completed is { } epoch && epoch.Epoch % (epochs / 10) == 0)
                {
                    marks.Add((SerialTests.LiveTensors, Environment.WorkingSet));
                }
            }
        );

        AssertFlat($"{5 * epochs} steps", marks);
    }

    [Fact]
    public void Fits_Many_DoNotGrowMemory()
    {
        int fits = TestLength.Of(20, 1000);
        List<(long Tensors, long Resident)> marks = [];

        for (int i = 1; i <= fits; i++)
        {
            TinyRun.Fit(TinyRun.Recipe with { Epochs = 1 });
            if (i % (fits / 10) == 0)
            {
                SerialTests.CollectGarbage();
                marks.Add((0, Environment.WorkingSet));
            }
        }

        AssertFlat($"{fits} Fits", marks);
    }

    [Fact]
    public void Predictions_ManyOnEightThreads_AgreeAndDoNotGrowMemory()
    {
        using ColoredImages images = new();
        MLContext ml = new(1);
        TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(ml, Tiny.Options with { Epochs = 1 }).Fit(images.Rows(ml));
        EncodedImage image = new() { Image = ColoredImages.Png(1, new Random(1)) };
        float[] expected = Predictor().Predict(image).Score;
        int rounds = 10,
            each = TestLength.Of(25, 1250);
        List<(long Tensors, long Resident)> marks = [];

        for (int round = 0; round < rounds; round++)
        {
            Thread[] threads =
            [
                .. Enumerable
                    .Range(0, 8)
                    .Select(_ => new Thread(() =>
                    {
                        torch.set_num_threads(1);
                        using PredictionEngine<EncodedImage, ImagePrediction> engine = Predictor();
                        for (int i = 0; i < each; i++)
                        {
                            Assert.Equal(expected, engine.Predict(image).Score);
                        }
                    })),
            ];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            SerialTests.CollectGarbage();
            marks.Add((SerialTests.LiveTensors, Environment.WorkingSet));
        }

        AssertFlat($"{8 * rounds * each} predictions on 8 threads", marks);

        PredictionEngine<EncodedImage, ImagePrediction> Predictor() =>
            ml.Model.CreatePredictionEngine<EncodedImage, ImagePrediction>(model.LastTransformer, new PredictionEngineOptions { OwnsTransformer = false });
    }

    [Fact]
    public void Models_DisposedOrCollectedInAnyOrder_LeakNothing()
    {
        using ColoredImages images = new();
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        Random random = new(4);
        int times = TestLength.Of(5, 100);
        Models(1, () => true);

        SerialTests.AssertLeavesNoTensors(() => Models(times, () => random.Next(2) == 0), making: () => Models(times, () => true));

        void Models(int times, Func<bool> isDisposed)
        {
            for (int i = 0; i < times; i++)
            {
                Once(isDisposed);
            }

            // Finalizes the models that were not disposed.
            SerialTests.CollectGarbage();
        }

        void Once(Func<bool> isDisposed)
        {
            List<TransformerChain<ImageClassificationTransformer>> models =
            [
                .. Enumerable.Range(0, 3).Select(seed => Tiny.Pipeline(ml, Tiny.Options with { Epochs = 1, Seed = seed }).Fit(rows)),
            ];
            foreach (TransformerChain<ImageClassificationTransformer> model in models.OrderBy(_ => random.Next()))
            {
                model.Transform(rows).GetColumn<float[]>("Score").First();
                if (isDisposed())
                {
                    model.Dispose();
                }
            }
        }
    }

    private void AssertFlat(string what, List<(long Tensors, long Resident)> marks)
    {
        output.WriteLine(
            $"{what}: tensors {string.Join(' ', marks.Select(mark => mark.Tensors))}; resident MiB {string.Join(' ', marks.Select(mark => mark.Resident >> 20))}"
        );
        Assert.All(marks, mark => Assert.Equal(marks[0].Tensors, mark.Tensors));
        // Compares with the middle of the run, when all pools are full.
        Assert.True(marks[^1].Resident - marks[marks.Count / 2].Resident < 32 << 20, "The resident memory grew by more than 32 MiB.");
    }
}
