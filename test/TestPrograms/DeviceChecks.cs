using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace TestPrograms;

/// <summary>
/// DeviceChecks cpu|cuda: checks a device, in part by comparing it with the CPU. The tests run it on the CPU, and on a GPU if there is one; bench/gpu runs it
/// on machines without the .NET SDK.
/// </summary>
internal static class DeviceChecks
{
    public static void Run(string[] args)
    {
        bool onGpu = args[0] == "cuda";
        (string Name, Action<Device> Check)[] checks =
        [
            ("TorchSharp's native library loads", _ => zeros(1).Dispose()),
            ("the device is available", device => Require(!onGpu || cuda.is_available(), $"torch.cuda.is_available() is false for {device}.")),
            ("networks give the CPU's logits", CompareLogits),
            ("a pipeline trains, saves, loads on the CPU, and teaches", FitAndLoad),
            // A teacher is a saved model.
            .. StrategyCatalog
                .Keys.Where(key => key != "teacher-distillation")
                .Select(key => ($"strategy {key}", (Action<Device>)(device => Train(device, key)))),
            .. AugmentationCatalog.Keys.Select(key => ($"augmentation {key}", (Action<Device>)(device => CompareImages(device, key)))),
            .. onGpu ? [("a batch larger than the device's memory is split", SplitBatch)] : Array.Empty<(string, Action<Device>)>(),
        ];

        int failed = 0;
        foreach ((string name, Action<Device> check) in checks)
        {
            long began = Stopwatch.GetTimestamp();
            try
            {
                using DisposeScope scope = NewDisposeScope();
                check(onGpu ? new Device(DeviceType.CUDA, 0) : CPU);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ok      {name} ({Stopwatch.GetElapsedTime(began).TotalSeconds:f1} s)"));
            }
            catch (Exception e)
            {
                failed++;
                Console.WriteLine($"FAILED  {name}: {e.GetBaseException().GetType().Name}: {e.GetBaseException().Message.ReplaceLineEndings(" | ")}");
                if (e is TypeInitializationException or DllNotFoundException)
                {
                    break; // nothing else can work
                }
            }
        }

        Console.WriteLine($"{checks.Length - failed} of {checks.Length} checks passed on {args[0]}");
        Environment.ExitCode = failed == 0 ? 0 : 1;
    }

    private static void CompareLogits(Device device)
    {
        foreach (string key in (string[])["cifar-resnet-20", "resnet-18", "efficientnet-b0-cifar-stem"])
        {
            using ImageNetwork network = NetworkFactory.Create(key, inputChannels: 3, classes: 10);
            WeightInitializer.Initialize(network, new RandomStream(1, "weights"));
            network.eval();
            using IDisposable noGrad = no_grad();
            Tensor images = randn(4, 3, 64, 64),
                expected = network.call(images);
            network.to(device);
            double difference = (network.call(images.to(device)).cpu() - expected).norm().ToDouble() / expected.norm().ToDouble();
            Require(difference < 1e-2, string.Create(CultureInfo.InvariantCulture, $"{key}: the logits differ by {difference:e1} of their norm.")); // TF32 has 10 bits
        }
    }

    private static void FitAndLoad(Device device)
    {
        MLContext ml = new(seed: 1),
            onCpu = new();
        if (device.type == DeviceType.CUDA)
        {
            (ml.GpuDeviceId, ml.FallbackToCpu) = (0, false);
        }

        Random random = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 90).Select(i => new Row { Label = (uint)(i % 3), Image = Row.Bands(i % 3, random) }).ToArray()
        );
        FeatureMiningOptions options = new()
        {
            Backbone = "cifar-resnet-8",
            Epochs = 15,
            BatchSize = 16,
            Channels = 1,
            ImageHeight = Row.Side,
            ImageWidth = Row.Side,
            CropPadding = 1,
        };
        using ImageClassificationTransformer model = ml.MulticlassClassification.Trainers.FeatureMining(options).Fit(rows);
        double accuracy = ml.MulticlassClassification.Evaluate(model.Transform(rows)).MicroAccuracy;
        Require(accuracy > 0.9, string.Create(CultureInfo.InvariantCulture, $"the accuracy is {accuracy:p1} on the training rows."));

        using MemoryStream saved = new();
        ml.Model.Save(model, rows.Schema, saved);
        using IDisposable loaded = (IDisposable)onCpu.Model.Load(saved, out _);
        float[][] scores = [.. model.Transform(rows).GetColumn<float[]>("Score")],
            again = [.. ((ITransformer)loaded).Transform(rows).GetColumn<float[]>("Score")];
        float largest = scores.Zip(again).Max(pair => pair.First.Zip(pair.Second).Max(values => Math.Abs(values.First - values.Second)));
        Require(largest < 0.02, string.Create(CultureInfo.InvariantCulture, $"probabilities on the CPU differ by {largest}."));

        string teacher = Directory.CreateTempSubdirectory("device-checks-").FullName;
        try
        {
            ml.Model.ExportImageModel(model, teacher);
            FeatureMiningOptions taught = options with { Epochs = 5, Strategies = [new TeacherDistillation { Teacher = teacher }] };
            using ImageClassificationTransformer student = ml.MulticlassClassification.Trainers.FeatureMining(taught).Fit(rows);
            Require(student.Model.History.All(epoch => double.IsFinite(epoch.TrainLoss)), "the loss of the student is not finite.");
        }
        finally
        {
            Directory.Delete(teacher, recursive: true);
        }
    }

    private static void Train(Device device, string strategy)
    {
        MemoryPixels images = new(3 * 32 * 32);
        Random random = new(2);
        for (int i = 0; i < 32; i++)
        {
            byte[] pixels = new byte[3 * 32 * 32];
            random.NextBytes(pixels);
            images.Add(pixels);
        }

        TrainingStrategy made = StrategyCatalog.Create(strategy);
        TrainingRecipe recipe = new()
        {
            Backbone = "cifar-resnet-8",
            Input = new ImageShape(3, 32, 32),
            Epochs = 2,
            BatchSize = 16,
            LearningRate = 0.01,
            Strategies = [made is TreeSupervision ? new TreeSupervision { Hierarchy = ClassHierarchy.Parse("((0,1),(2,3));") } : made],
        };
        TrainingOutcome outcome = TrainingEngine.Fit(recipe, SetOf(images, classes: 4), validation: null, new TrainingHost(device));
        Require(outcome.History.All(epoch => double.IsFinite(epoch.TrainLoss)), "the loss is not finite.");
    }

    private static ImageSet SetOf(MemoryPixels images, int classes) =>
        new(images, new ImageShape(3, 32, 32), PixelType.Byte, classes, [.. Enumerable.Range(0, images.Count).Select(i => i % classes)]);

    private static void CompareImages(Device device, string augmentation)
    {
        byte[] pixels = [.. Enumerable.Range(0, 8 * 3 * 24 * 24).Select(i => (byte)(i * 37 % 251))];
        Tensor images = tensor(pixels, [8, 3, 24, 24]);
        ImageAugmentation operation = AugmentationCatalog.Create(augmentation);
        foreach (ScalarType type in (ScalarType[])[ScalarType.Byte, ScalarType.Float32])
        {
            Tensor expected = operation.Apply(images.to(type), new RandomStream(1, augmentation)).to(ScalarType.Float32);
            Tensor actual = operation.Apply(images.to(type).to(device), new RandomStream(1, augmentation)).cpu().to(ScalarType.Float32);
            double different = (actual - expected).abs().gt(1.5).to(ScalarType.Float32).mean().ToDouble();
            Require(different < 0.001, string.Create(CultureInfo.InvariantCulture, $"{type}: {different:p2} of the pixels differ by more than 1.5 levels."));
        }
    }

    private static void SplitBatch(Device device)
    {
        const int count = 1 << 17;
        MemoryPixels images = new(3 * 32 * 32);
        byte[] pixels = new byte[3 * 32 * 32];
        for (int i = 0; i < count; i++)
        {
            images.Add(pixels);
        }

        List<string> warnings = [];
        TrainingRecipe recipe = new()
        {
            Backbone = "wrn-28-10",
            Input = new ImageShape(3, 32, 32),
            Epochs = 1,
            BatchSize = count,
            LearningRate = 0.01,
            Augmentations = [],
        };
        TrainingEngine.Fit(recipe, SetOf(images, classes: 2), validation: null, new TrainingHost(device) { Warn = warnings.Add });
        Require(warnings.Count > 0, "no warning says that the batch was split.");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOperationException(message);
        }
    }

    private sealed class Row
    {
        public const int Side = 12;

        [KeyType(3)]
        public uint Label { get; set; }

        [VectorType(1, Side, Side)]
        public float[] Image { get; set; } = [];

        public static float[] Bands(int label, Random random) =>
            [.. Enumerable.Range(0, Side * Side).Select(i => random.Next(100) + (i / Side / 4 == label ? 120f : 0f))];
    }
}
