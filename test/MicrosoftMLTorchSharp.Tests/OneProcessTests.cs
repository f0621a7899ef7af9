using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Strategies;
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

    private sealed class Detected
    {
        public string[] Labels { get; set; } = [];

        public float[] Boxes { get; set; } = [];

        public string[] Predicted { get; set; } = [];

        public float[] PredictedBoxes { get; set; } = [];

        public float[] Scores { get; set; } = [];
    }
}
