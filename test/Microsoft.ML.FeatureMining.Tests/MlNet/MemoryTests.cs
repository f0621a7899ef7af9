using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using TorchSharp;
using Xunit.Abstractions;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>No native memory leaks. Not run in parallel with other tests, because tensors are counted for the whole process.</summary>
[Collection(nameof(MemoryTests))]
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryTests(ITestOutputHelper output)
{
    [Fact]
    public void Fit_Repeated_LeaksNoTensor()
    {
        using ColoredImages images = new();
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        FeatureMiningOptions options = Tiny.Options with { ValidationFraction = 0.25 };
        Fit(epochs: 1);

        SerialTests.AssertLeavesNoTensors(() => Fit(epochs: 5), making: () => Fit(epochs: 1));

        void Fit(int epochs)
        {
            using TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(ml, options with { Epochs = epochs }).Fit(rows);
            model.Transform(rows).GetColumn<float[]>("Score").Count();
        }
    }

    [Fact]
    public void EnsemblesAndTestTimeAugmentation_Repeated_LeakNoTensor()
    {
        using ColoredImages images = new();
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        string file = Path.Combine(images.Root, "..", $"{Path.GetFileName(images.Root)}.zip");
        using (TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(ml, Tiny.Options with { Epochs = 1 }).Fit(rows))
        {
            using IDisposable ensemble = (IDisposable)
                ml.MulticlassClassification.Ensemble([model, ml.Model.WithTestTimeAugmentation(model, TestTimeAugmentation.TenCrop)], [1, 2]);
            ml.Model.Save((ITransformer)ensemble, rows.Schema, file);
        }

        LoadAndScore(1);
        SerialTests.AssertLeavesNoTensors(() => LoadAndScore(3), making: () => LoadAndScore(3));
        File.Delete(file);

        void LoadAndScore(int times)
        {
            for (int i = 0; i < times; i++)
            {
                ITransformer loaded = new MLContext().Model.Load(file, out _);
                using IDisposable all = (IDisposable)loaded;
                using IDisposable flipped = (IDisposable)ml.Model.WithTestTimeAugmentation(loaded, TestTimeAugmentation.Flip);
                Assert.Equal(
                    36,
                    loaded.Transform(rows).GetColumn<float[]>("Score").Concat(((ITransformer)flipped).Transform(rows).GetColumn<float[]>("Score")).Count() / 2
                );
            }
        }
    }

    [Fact]
    public void ExportOnnx_Repeated_LeaksNoTensor()
    {
        using ColoredImages images = new();
        using TemporaryFolder folder = new();
        MLContext ml = new(1);
        using TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(ml, Tiny.Options with { Epochs = 1 }).Fit(images.Rows(ml));
        NamedTensors weights = model.LastTransformer.Model.Saved.Weights;
        Export();

        SerialTests.AssertLeavesNoTensors(Export, making: () => NetworkFactory.Load("cifar-resnet-8", 3, 3, weights).Dispose());

        void Export() => ml.Model.ExportOnnx(model, folder["model.onnx"]);
    }

    [Fact]
    public void TenThousandPredictions_DoNotGrowMemory()
    {
        using ColoredImages images = new();
        MLContext ml = new(1);
        TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(ml, Tiny.Options with { Epochs = 1 }).Fit(images.Rows(ml));
        using PredictionEngine<EncodedImage, ImagePrediction> engine = ml.Model.CreatePredictionEngine<EncodedImage, ImagePrediction>(model.LastTransformer);
        EncodedImage image = new() { Image = ColoredImages.Png(1, new Random(1)) };
        // Until the heap and the threads that decode have their size.
        Predict(batched: 10_000, single: 1_000);
        (long tensors, long resident) = (Count(), Resident());

        Predict(batched: 10_000, single: 1_000);

        (long tensorsAfter, long residentAfter) = (Count(), Resident());
        output.WriteLine($"tensors {tensors} -> {tensorsAfter}; resident {resident >> 10} KiB -> {residentAfter >> 10} KiB");
        Assert.Equal(tensors, tensorsAfter);
        // Leaking an image of 432 floats per prediction would add 18 MiB.
        Assert.True(residentAfter - resident < 12 << 20, $"{(residentAfter - resident) >> 10} KiB more");

        void Predict(int batched, int single)
        {
            IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Repeat(image, batched));
            Assert.Equal(batched, model.LastTransformer.Transform(rows).GetColumn<float[]>("Score").Count());
            for (int i = 0; i < single; i++)
            {
                engine.Predict(image);
            }
        }
    }

    private static long Count()
    {
        Collect();
        return torch.Tensor.TotalCount;
    }

    private static long Resident()
    {
        Collect();
        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private static void Collect()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
