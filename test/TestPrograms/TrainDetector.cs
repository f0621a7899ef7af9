using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;

namespace TestPrograms;

/// <summary>TrainDetector WORKSPACE MODEL EPOCHS: trains a small detector on a square in noise, with checkpoints in the workspace, and saves it.</summary>
internal static class TrainDetector
{
    public static void Run(string[] args)
    {
        const int Side = 64;
        Random random = new(1);
        MLContext ml = new(1);
        Row[] rows = [.. Enumerable.Range(0, 12).Select(i => Draw(8 + i))];
        RetinaNetTrainer trainer = ml.ObjectDetection()
            .Trainers.RetinaNet(
                new RetinaNetOptions
                {
                    Backbone = "resnext-14-1x4d",
                    InitialWeights = null,
                    FineTuning = new FineTuning(),
                    ImageSize = Side,
                    Network = new RetinaNetSettings { Channels = 8, HeadLayers = 1 },
                    Epochs = int.Parse(args[2], CultureInfo.InvariantCulture),
                    BatchSize = 4,
                    ValidationFraction = 0.25,
                    WorkspacePath = args[0],
                    CheckpointEverySteps = 1,
                    Seed = 5,
                }
            );
        torch.set_num_threads(1);
        IDataView view = ml.Data.LoadFromEnumerable(rows);
        ml.Model.Save(trainer.Fit(view), view.Schema, args[1]);

        Row Draw(int left)
        {
            byte[] pixels = new byte[Side * Side * 3];
            random.NextBytes(pixels);
            for (int y = 10; y < 42; y++)
            {
                pixels.AsSpan(((y * Side) + left) * 3, 32 * 3).Fill(255);
            }

            return new Row
            {
                Image = ImageCodec.EncodePng(pixels, Side, Side),
                Label = ["square"],
                BoundingBoxes = [left, 10, left + 32, 42],
            };
        }
    }

    private sealed class Row
    {
        public byte[] Image { get; set; } = [];

        public string[] Label { get; set; } = [];

        public float[] BoundingBoxes { get; set; } = [];
    }
}
