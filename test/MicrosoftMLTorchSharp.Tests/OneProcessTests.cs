using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.TorchSharp;
using Microsoft.ML.TorchSharp.AutoFormerV2;

namespace MicrosoftMLTorchSharp.Tests;

/// <summary>Microsoft.ML.TorchSharp and this library in one process: each does its own work.</summary>
public sealed class OneProcessTests
{
    [Fact]
    public void ObjectDetectionMetricsAndFit_InOneProcess_BothWork()
    {
        MLContext ml = new(seed: 1);

        ObjectDetectionMetrics metrics = Detect(ml);
        Assert.Equal(1, metrics.MAP50, 3);

        Random random = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(
            Enumerable
                .Range(0, 16)
                .Select(i => new Picture
                {
                    Image = [.. Enumerable.Range(0, 64).Select(_ => (i % 2) + (0.1f * random.NextSingle()))],
                    Label = i % 2 == 0 ? "dark" : "light",
                })
        );
        ITransformer model = ml
            .Transforms.Conversion.MapValueToKey("Label")
            .Append(
                ml.MulticlassClassification.Trainers.FeatureMining(
                    new FeatureMiningOptions
                    {
                        Backbone = "cifar-resnet-8",
                        Channels = 1,
                        ImageHeight = 8,
                        ImageWidth = 8,
                        CropPadding = 0,
                        Epochs = 2,
                        BatchSize = 8,
                    }
                )
            )
            .Fit(rows);
        using (model as IDisposable)
        {
            Assert.InRange(ml.MulticlassClassification.Evaluate(model.Transform(rows)).MicroAccuracy, 0, 1);
        }
    }

    [Fact]
    public void EvaluateObjectDetection_OnTheOutputOfRetinaNet_RunsAfterMapKeyToValue()
    {
        MLContext ml = new(seed: 1);
        string folder = Directory.CreateTempSubdirectory("one-process-").FullName;
        try
        {
            IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 8).Select(i => Square(folder, i)).ToArray());
            ITransformer model = ml.ObjectDetection()
                .Trainers.RetinaNet(
                    new RetinaNetOptions
                    {
                        ImageColumnName = "ImagePath",
                        Backbone = "resnext-14-1x4d",
                        InitialWeights = null,
                        FineTuning = new FineTuning(),
                        ImageSize = 64,
                        Network = new RetinaNetSettings { Channels = 8, HeadLayers = 1 },
                        Epochs = 2,
                        BatchSize = 4,
                        WarmupEpochs = 0,
                        Seed = 1,
                    }
                )
                .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
                .Fit(rows);
            using (model as IDisposable)
            {
                IDataView scored = model.Transform(rows);
                DataViewSchema schema = scored.Schema;

                ObjectDetectionMetrics theirs = ml.MulticlassClassification.EvaluateObjectDetection(
                    scored,
                    schema["Label"],
                    schema["BoundingBoxes"],
                    schema["PredictedLabel"],
                    schema["PredictedBoundingBoxes"],
                    schema["Score"]
                );
                Assert.InRange(theirs.MAP50, 0, 1);
                Assert.InRange(ml.ObjectDetection().Evaluate(scored).MeanAveragePrecision, 0, 1);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A white square in noise.
    private static Labeled Square(string folder, int index)
    {
        const int Side = 64;
        Random random = new(index);
        byte[] pixels = new byte[Side * Side * 3];
        random.NextBytes(pixels);
        int left = 2 * index;
        for (int y = 10; y < 42; y++)
        {
            pixels.AsSpan(((y * Side) + left) * 3, 32 * 3).Fill(255);
        }

        string path = Path.Combine(folder, $"{index}.png");
        File.WriteAllBytes(path, ImageCodec.EncodePng(pixels, Side, Side));
        return new Labeled
        {
            ImagePath = path,
            Label = ["square"],
            BoundingBoxes = [left, 10, left + 32, 42],
        };
    }

    // Boxes that are found where they are.
    private static ObjectDetectionMetrics Detect(MLContext ml)
    {
        Detected[] found =
        [
            new()
            {
                Labels = ["cat"],
                Boxes = [1, 2, 30, 40],
                Predicted = ["cat"],
                PredictedBoxes = [1, 2, 30, 40],
                Scores = [0.9f],
            },
        ];
        IDataView rows = ml.Data.LoadFromEnumerable(found);
        DataViewSchema schema = rows.Schema;
        return ml.MulticlassClassification.EvaluateObjectDetection(
            rows,
            schema[nameof(Detected.Labels)],
            schema[nameof(Detected.Boxes)],
            schema[nameof(Detected.Predicted)],
            schema[nameof(Detected.PredictedBoxes)],
            schema[nameof(Detected.Scores)]
        );
    }

    private sealed class Picture
    {
        [VectorType(1, 8, 8)]
        public float[] Image { get; set; } = [];

        public string Label { get; set; } = "";
    }

    private sealed class Labeled
    {
        public string ImagePath { get; set; } = "";

        public string[] Label { get; set; } = [];

        public float[] BoundingBoxes { get; set; } = [];
    }

    private sealed class Detected
    {
        public string[] Labels { get; set; } = [];

        public float[] Boxes { get; set; } = [];

        public string[] Predicted { get; set; } = [];

        public float[] PredictedBoxes { get; set; } = [];

        public float[] Scores { get; set; } = [];
    }
}
