using System.Collections.Concurrent;
using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Who disposes a model, and models that are replaced while they are in use. Tensors are counted for the whole process.</summary>
[Collection(nameof(MemoryTests))]
public sealed class ModelLifetimeTests : IDisposable
{
    private readonly ColoredImages _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _ml = new(1);

    [Fact]
    public void Predict_AfterAnEngineThatOwnedTheModel_NamesOwnsTransformer()
    {
        ITransformer model = Fit(seed: 1);
        using (PredictionEngine<ImagePath, Scores> first = _ml.Model.CreatePredictionEngine<ImagePath, Scores>(model))
        {
            first.Predict(Image);
        }

        using PredictionEngine<ImagePath, Scores> second = _ml.Model.CreatePredictionEngine<ImagePath, Scores>(model);
        ObjectDisposedException error = Assert.Throws<ObjectDisposedException>(() => second.Predict(Image));

        Assert.Contains("OwnsTransformer = false", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_AfterAnEngineThatDidNotOwnTheModel_Works()
    {
        using TransformerChain<ImageClassificationTransformer> model = Fit(seed: 1);
        PredictionEngineOptions shared = new() { OwnsTransformer = false };
        using (PredictionEngine<ImagePath, Scores> first = _ml.Model.CreatePredictionEngine<ImagePath, Scores>(model, shared))
        {
            first.Predict(Image);
        }

        using PredictionEngine<ImagePath, Scores> second = _ml.Model.CreatePredictionEngine<ImagePath, Scores>(model, shared);

        Assert.Equal(3, second.Predict(Image).Score.Length);
    }

    // dotnet/machinelearning 7626: a pool that reloads its model keeps the old ones in memory.
    [Fact]
    public void Pool_ModelSwappedManyTimes_ServesTheNewOneAndFreesTheOld()
    {
        string[] files = [_folder["a.zip"], _folder["b.zip"]];
        float[][] expected = new float[2][];
        for (int i = 0; i < 2; i++)
        {
            using TransformerChain<ImageClassificationTransformer> model = Fit(seed: i + 1);
            _ml.Model.Save(model, _images.Rows(_ml).Schema, files[i]);
            expected[i] = Predict(new Pool(_ml, files[i]), dispose: true);
        }

        Assert.NotEqual(expected[0], expected[1]);
        SerialTests.AssertLeavesNoTensors(
            () =>
            {
                Pool pool = new(_ml, files[0]);
                for (int swap = 1; swap <= 10; swap++)
                {
                    Pool next = new(_ml, files[swap % 2]);
                    Assert.Equal(expected[(swap + 1) % 2], Predict(pool));
                    pool.Dispose();
                    pool = next;
                    Assert.Equal(expected[swap % 2], Predict(pool));
                }

                pool.Dispose();
            },
            making: () =>
            {
                for (int i = 0; i <= 10; i++)
                {
                    new Pool(_ml, files[0]).Dispose();
                }
            }
        );
    }

    [Fact]
    public void PermutationFeatureImportance_NetworkOnPlanarFloats_HasEachPixel()
    {
        IDataView rows = _ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 24).Select(i => new Planar { Label = i % 2 == 0 ? "dark" : "bright", Image = [.. Enumerable.Repeat(i % 2f, 12)] }).ToArray()
        );
        FeatureMiningOptions options = new()
        {
            Backbone = "cifar-resnet-8",
            Stages = 0,
            Channels = 3,
            ImageHeight = 2,
            ImageWidth = 2,
            CropPadding = 0,
            HorizontalFlip = false,
            Epochs = 2,
            BatchSize = 8,
            Seed = 1,
        };
        IDataView keys = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        using ImageClassificationTransformer network = _ml.MulticlassClassification.Trainers.FeatureMining(options).Fit(keys);
        ITransformer chain = new TransformerChain<ImageClassificationTransformer>(network);

        Assert.Equal(12, _ml.MulticlassClassification.PermutationFeatureImportance(network, network.Transform(keys)).Length);
        // ML.NET accepts a whole chain only if its predictor is one of ML.NET's own (docs/evaluate-and-explain.md).
        Assert.Throws<ArgumentNullException>(() => _ml.MulticlassClassification.PermutationFeatureImportance(chain, network.Transform(keys)));
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    private ImagePath Image => new() { Path = _images.Rows(_ml).GetColumn<string>("ImagePath").First() };

    private TransformerChain<ImageClassificationTransformer> Fit(int seed) =>
        _ml
            .Transforms.Conversion.MapValueToKey("Label")
            .Append(
                _ml.MulticlassClassification.Trainers.FeatureMining(Tiny.Options with { Stages = 0, Epochs = 1, Seed = seed, ImageColumnName = "ImagePath" })
            )
            .Fit(_images.Rows(_ml));

    private float[] Predict(Pool pool, bool dispose = false)
    {
        float[] scores = pool.Predict(Image);
        if (dispose)
        {
            pool.Dispose();
        }

        return scores;
    }

    private sealed class Pool : IDisposable
    {
        private readonly ITransformer _model;
        private readonly ConcurrentBag<PredictionEngine<ImagePath, Scores>> _engines = [];

        public Pool(MLContext ml, string file)
        {
            _model = ml.Model.Load(file, out _);
            for (int i = 0; i < 3; i++)
            {
                _engines.Add(ml.Model.CreatePredictionEngine<ImagePath, Scores>(_model, new PredictionEngineOptions { OwnsTransformer = false }));
            }
        }

        public float[] Predict(ImagePath image)
        {
            _engines.TryTake(out PredictionEngine<ImagePath, Scores>? engine);
            float[] scores = engine!.Predict(image).Score;
            _engines.Add(engine);
            return scores;
        }

        public void Dispose()
        {
            foreach (PredictionEngine<ImagePath, Scores> engine in _engines)
            {
                engine.Dispose();
            }

            (_model as IDisposable)?.Dispose();
        }
    }

    private sealed class ImagePath
    {
        [ColumnName("ImagePath")]
        public string Path { get; set; } = "";

        public string Label { get; set; } = "";
    }

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }

    private sealed class Planar
    {
        public string Label { get; set; } = "";

        [VectorType(3, 2, 2)]
        public float[] Image { get; set; } = [];
    }
}
