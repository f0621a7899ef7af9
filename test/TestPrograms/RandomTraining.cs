using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using TorchSharp;

namespace TestPrograms;

/// <summary>
/// RandomTraining SEED SHARED FOLDER [GPU]: trains with the settings that <see cref="RandomSettings"/> draws by SEED, with workspace and files of decoded images
/// in FOLDER, and saves the model in FOLDER/model. SHARED is for images and teachers; the first run makes them. Each rank prints "rank R of N: process P"; then
/// the settings, "training" and "saving" are printed.
/// </summary>
internal static class RandomTraining
{
    private const int Count = 30;
    private static readonly string[] Classes = ["low", "middle", "high"];

    public static void Run(string[] args)
    {
        (int seed, string shared, string folder) = (int.Parse(args[0], CultureInfo.InvariantCulture), args[1], args[2]);
        Console.WriteLine($"rank {DistributedJob.Rank} of {DistributedJob.World}: process {Environment.ProcessId}");
        torch.set_num_threads(1);
        // First: a strategy whose teacher is missing would not be drawn.
        MakeShared(shared, RandomSettings.SideOf(RandomSettings.TrainerOf(seed)));
        RandomSettings settings = RandomSettings.Draw(seed, Path.Combine(shared, "teacher"));
        MLContext ml = new(1) { GpuDeviceId = args is [_, _, _, var gpu] ? int.Parse(gpu, CultureInfo.InvariantCulture) : null, FallbackToCpu = false };
        IDataView rows = Rows(ml, settings, shared);
        IEstimator<ITransformer> trainer = settings.Create(ml, folder, rows);
        Console.WriteLine(settings);
        Console.WriteLine("training");
        ITransformer model = trainer.Fit(rows);
        if (DistributedJob.Rank != 0)
        {
            return;
        }

        Console.WriteLine("saving");
        string target = Path.Combine(folder, "model");
        Directory.CreateDirectory(target);
        ml.Model.SaveAtomic(model, rows.Schema, Path.Combine(target, "model.zip"));
        if (model is ImageClassificationTransformer)
        {
            ml.Model.ExportImageModel(model, Path.Combine(target, "exported"));
            ml.Model.ExportOnnx(model, Path.Combine(target, "model.onnx"));
        }
    }

    // Files that are not part of what is tested: they exist before the first kill.
    private static void MakeShared(string shared, int side)
    {
        if (Directory.Exists(shared))
        {
            return;
        }

        Directory.CreateDirectory(shared);
        for (int i = 0; i < Count; i++)
        {
            File.WriteAllBytes(Image(shared, i), Draw(i, side));
        }

        const string Backbone = "cifar-resnet-8";
        using ImageNetwork network = NetworkFactory.Create(Backbone, 3, Classes.Length, null, null, 3);
        ModelManifest teacher = new()
        {
            Backbone = Backbone,
            ClassCount = Classes.Length,
            Preprocessing = new ImagePreprocessing { Shape = new ImageShape(3, side, side) },
            Mean = [100, 100, 100],
            Std = [50, 50, 50],
        };
        new SavedModel(teacher, NamedTensors.Of(network)).SaveFolder(Path.Combine(shared, "teacher"));
    }

    private static IDataView Rows(MLContext ml, RandomSettings settings, string shared)
    {
        string[] paths = [.. Enumerable.Range(0, Count).Select(i => Image(shared, i))];
        return settings.Trainer switch
        {
            RandomTrainer.RetinaNet => ml.Data.LoadFromEnumerable(
                paths.Select(
                    (path, i) =>
                        new BoxRow
                        {
                            ImagePath = path,
                            Image = File.ReadAllBytes(path),
                            Label = ["band"],
                            BoundingBoxes = [0, Top(i, settings.Side), settings.Side, Top(i, settings.Side) + (settings.Side / 3)],
                        }
                )
            ),
            RandomTrainer.PatchTraining or RandomTrainer.MultiLabel => ml.Data.LoadFromEnumerable(
                paths.Select(
                    (path, i) =>
                        new TextRow
                        {
                            ImagePath = path,
                            Image = File.ReadAllBytes(path),
                            Label = i % 4 == 0 ? string.Join(',', Classes) : Classes[i % 3],
                            Class = Classes[i % 3],
                        }
                )
            ),
            _ => ml.Data.LoadFromEnumerable(
                paths.Select(
                    (path, i) =>
                        new KeyRow
                        {
                            ImagePath = path,
                            Image = File.ReadAllBytes(path),
                            Label = (uint)(i % 3),
                        }
                )
            ),
        };
    }

    private static string Image(string shared, int image) => Path.Combine(shared, string.Create(CultureInfo.InvariantCulture, $"{image:d2}.png"));

    private static int Top(int image, int side) => image % 3 * (side / 3);

    // Noise with a band whose place depends on the class.
    private static byte[] Draw(int image, int side)
    {
        Random random = new(image);
        byte[] pixels = new byte[side * side * 3];
        for (int i = 0; i < pixels.Length; i++)
        {
            int row = i / 3 / side;
            pixels[i] = (byte)(random.Next(100) + (row >= Top(image, side) && row < Top(image, side) + (side / 3) ? 120 : 0));
        }

        return ImageCodec.EncodePng(pixels, side, side);
    }

    private abstract class Row
    {
        public string ImagePath { get; set; } = "";

        public byte[] Image { get; set; } = [];
    }

    private sealed class KeyRow : Row
    {
        [Microsoft.ML.Data.KeyType(3)]
        public uint Label { get; set; }
    }

    private sealed class TextRow : Row
    {
        public string Label { get; set; } = "";

        public string Class { get; set; } = "";
    }

    private sealed class BoxRow : Row
    {
        public string[] Label { get; set; } = [];

        public float[] BoundingBoxes { get; set; } = [];
    }
}
