using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;

namespace TestPrograms;

/// <summary>
/// TrainToEnd WORKSPACE TARGET [EPOCHS] [STORAGE]: trains a small network on noisy bands, with checkpoints in the workspace, and exports it. Prints "training"
/// at the start.
/// </summary>
internal static class TrainToEnd
{
    public static void Run(string[] args)
    {
        const int Side = 8;

        MLContext ml = new();
        Random random = new(1);
        Row[] rows = [.. Enumerable.Range(0, 60).Select(i => new Row { Label = (uint)(i % 3), Image = Band(i % 3) })];
        FeatureMiningOptions options = new()
        {
            Backbone = "cifar-resnet-8",
            Stages = 2,
            Epochs = args.Length > 2 ? int.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture) : 12,
            BatchSize = 8,
            CropPadding = 1,
            ValidationFraction = 0.2,
            EarlyStopping = new EarlyStopping { Patience = 1000 },
            WorkspacePath = args[0],
            CheckpointEverySteps = 1,
            Seed = 5,
            Storage = args.Length > 3 ? Enum.Parse<ImageStorage>(args[3]) : ImageStorage.Adaptive,
            ShuffleBufferSize = 16,
        };
        Console.WriteLine("training");
        FeatureMiningImageClassificationTrainer trainer = ml.MulticlassClassification.Trainers.FeatureMining(options);
        torch.set_num_threads(1);
        ImageClassificationTransformer model = trainer.Fit(ml.Data.LoadFromEnumerable(rows));
        ml.Model.ExportImageModel(model, args[1]);

        float[] Band(int label)
        {
            float[] pixels = new float[Side * Side];
            for (int i = 0; i < pixels.Length; i++)
            {
                pixels[i] = random.Next(100) + (i / Side / 3 == label ? 120 : 0);
            }

            return pixels;
        }
    }

    private sealed class Row
    {
        [KeyType(3)]
        public uint Label { get; set; }

        [VectorType(1, Side, Side)]
        public float[] Image { get; set; } = [];

        private const int Side = 8;
    }
}
