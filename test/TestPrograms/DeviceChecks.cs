using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace TestPrograms;

/// <summary>
/// DeviceChecks cpu|cuda [WORD]: checks a device (only the checks with WORD in their names), in part by comparing it with the CPU. The tests run it on the CPU,
/// and on a GPU if there is one; bench/gpu runs it on machines without the .NET SDK.
/// </summary>
internal static class DeviceChecks
{
    private const int NoiseClasses = 4;

    private static readonly string[] Small = ["cifar-resnet-8", "cifar-resnet-8-preact", "wrn-10-1", "dsk-resnext-14-1x4d-cifar-stem"];

    private static readonly string[] Large =
    [
        "cifar-resnet-11-bottleneck",
        "pyramidnet-110-a270",
        "densenet-bc-100-12",
        "densenet-121-cifar-stem",
        "resnet-50-cifar-stem",
        "resnet-18-2223-cifar-stem",
        "resnext-50-32x4d-cifar-stem",
        "resnest-14-cifar-stem",
        "d-resnext-14-32x4d-cifar-stem",
        "sk-resnext-14-32x4d-cifar-stem",
        "vgg-11",
        "vgg-16-bn-cifar-stem",
        "efficientnet-b0-cifar-stem",
    ];

    private static readonly TrainingRecipe SmallRecipe = new()
    {
        Backbone = "cifar-resnet-8",
        Input = new ImageShape(3, 32, 32),
        Epochs = 2,
        BatchSize = 16,
        LearningRate = 0.01,
    };

    public static void Run(string[] args)
    {
        bool onGpu = args[0] == "cuda";
        // The CPU rounds to float32.
        backends.cudnn.allow_tf32 = false;
        (string Name, Action<Device> Check)[] checks =
        [
            ("TorchSharp's native library loads", _ => zeros(1).Dispose()),
            ("the device is available", device => Require(!onGpu || cuda.is_available(), $"torch.cuda.is_available() is false for {device}.")),
            ("networks give the CPU's logits", CompareLogits),
            // On a CPU, the large ones take too long.
            .. (onGpu ? [.. Small, .. Large] : Small).Select(key => ($"network {key}", (Action<Device>)(device => StepOnce(device, key)))),
            ("a pipeline trains, saves, loads on the CPU, and teaches", FitAndLoad),
            ("explanations are the CPU's", CompareExplanations),
            ("every precision gives the losses of float32", ComparePrecisions),
            ("every optimizer gives the CPU's weights", CompareOptimizers),
            ("the head is fitted as on the CPU", CompareHeads),
            ("a resumed run goes on as if it had not stopped", Resume),
            // A teacher is a saved model.
            .. StrategyCatalog
                .Keys.Where(key => key != "teacher-distillation")
                .Select(key => ($"strategy {key}", (Action<Device>)(device => Train(device, key)))),
            .. AugmentationCatalog.Keys.Select(key => ($"augmentation {key}", (Action<Device>)(device => CompareImages(device, key)))),
            .. onGpu
                ? [("NCCL sums over one rank", SumByNccl), ("a batch larger than the device's memory is split", SplitBatch)]
                : Array.Empty<(string, Action<Device>)>(),
        ];

        checks = [.. checks.Where(check => args.Length < 2 || check.Name.Contains(args[1], StringComparison.Ordinal))];
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
            Require(difference < 1e-3, string.Create(CultureInfo.InvariantCulture, $"{key}: the logits differ by {difference:e1} of their norm."));
        }
    }

    private static void StepOnce(Device device, string backbone)
    {
        TrainingRecipe recipe = SmallRecipe with { Backbone = backbone, Epochs = 1 };
        RequireFinite(FitNoise(recipe, device));
    }

    private static void CompareExplanations(Device device)
    {
        TrainingOutcome outcome = FitNoise(SmallRecipe, device);
        ModelManifest manifest = new()
        {
            Backbone = SmallRecipe.Backbone,
            ClassCount = NoiseClasses,
            Preprocessing = new ImagePreprocessing { Shape = SmallRecipe.Input },
            Mean = outcome.Pixels.Mean,
            Std = outcome.Pixels.Std,
        };
        SavedModel saved = new(manifest, outcome.Weights);
        byte[] pixels = Noise()[0].ToArray();
        using NetworkExplainer here = new(saved, device),
            onCpu = new(saved, CPU);
        ImageExplanation actual = here.Explain(pixels, target: 1),
            expected = onCpu.Explain(pixels, target: 1);
        float largest = actual.Probabilities.Zip(expected.Probabilities).Max(pair => Math.Abs(pair.First - pair.Second));
        Require(largest < 0.02, string.Create(CultureInfo.InvariantCulture, $"probabilities differ by {largest}."));
    }

    private static void ComparePrecisions(Device device)
    {
        double[] losses =
        [
            .. Enum.GetValues<Precision>().Select(precision => FitNoise(SmallRecipe with { Precision = precision }, device).History[^1].TrainLoss),
        ];
        Require(
            losses.All(loss => Math.Abs(loss - losses[0]) < 0.1 * losses[0]),
            string.Create(CultureInfo.InvariantCulture, $"the losses are {string.Join(", ", losses)}.")
        );
    }

    private static void CompareOptimizers(Device device)
    {
        foreach (string key in OptimizerCatalog.Keys)
        {
            TrainingRecipe recipe = SmallRecipe with
            {
                Optimizer = OptimizerCatalog.Create(key),
                LearningRate = 1e-4,
                ClipGradientNorm = 1,
                EmaDecay = 0.9,
                Augmentations = [],
            };
            double difference = Difference(FitNoise(recipe, device).Weights, FitNoise(recipe, CPU).Weights);
            Require(difference < 1e-2, string.Create(CultureInfo.InvariantCulture, $"{key}: the weights differ by {difference:e1} of their norm."));
        }
    }

    private static void CompareHeads(Device device)
    {
        TrainingRecipe recipe = SmallRecipe with
        {
            Epochs = 0,
            FineTuning = new FineTuning { FitHead = true },
        };
        double LossOn(Device where) => FitNoise(recipe, where, validation: Noise()).History[0].ValidationLoss!.Value;
        double difference = Math.Abs(LossOn(device) - LossOn(CPU));
        Require(difference < 0.02, string.Create(CultureInfo.InvariantCulture, $"the losses differ by {difference}."));
    }

    private static void Resume(Device device)
    {
        MLContext ml = new(seed: 1) { GpuDeviceId = device.type == DeviceType.CUDA ? 0 : null, FallbackToCpu = false };
        Random random = new(1);
        IDataView rows = Row.Load(ml, 48, random);
        string workspace = Directory.CreateTempSubdirectory("device-checks-").FullName;
        try
        {
            double[] Losses(string? path, int stopAfter)
            {
                using CancellationTokenSource stop = new();
                FeatureMiningOptions options = Row.Options with
                {
                    Epochs = 4,
                    LearningRate = 0.01,
                    Seed = 1,
                    WorkspacePath = path,
                    CheckpointEverySteps = 1,
                    CancellationToken = stop.Token,
                    OnCancellation = CancellationBehavior.ReturnModel,
                    Progress = progress =>
                    {
                        if (progress.Epoch > stopAfter)
                        {
                            stop.Cancel();
                        }
                    },
                };
                using ImageClassificationTransformer model = ml.MulticlassClassification.Trainers.FeatureMining(options).Fit(rows);
                return [.. model.Model.History.Select(epoch => epoch.TrainLoss)];
            }

            double[] expected = Losses(null, int.MaxValue),
                again = Losses(null, int.MaxValue);
            Losses(workspace, stopAfter: 1);
            double[] resumed = Losses(workspace, int.MaxValue);
            bool repeats = expected.SequenceEqual(again);
            Console.WriteLine($"note    two runs of the same training are {(repeats ? "" : "not ")}bit-identical");
            Require(
                resumed.Length == expected.Length && resumed.Zip(expected).All(pair => Math.Abs(pair.First - pair.Second) <= (repeats ? 0 : 0.05)),
                string.Create(CultureInfo.InvariantCulture, $"the losses are {string.Join(", ", resumed)}; not resumed, {string.Join(", ", expected)}.")
            );
        }
        finally
        {
            Directory.Delete(workspace, recursive: true);
        }
    }

    private static void SumByNccl(Device device)
    {
        NcclLibrary.Select(device);
        using NcclCommunicator ranks = new(NcclLibrary.Load(), new SingleProcess());
        Tensor values = TensorMath.Arange(1000, ScalarType.Float32, device),
            expected = values.clone();
        ranks.Sum(values);
        Require(values.eq(expected).all().cpu().item<bool>(), "the sum over one rank is not the value.");
    }

    private static double Difference(NamedTensors actual, NamedTensors expected)
    {
        (double square, double norm) = (0, 0);
        foreach ((NamedTensor one, NamedTensor other) in actual.Tensors.Zip(expected.Tensors).Where(pair => pair.First.Type == ScalarType.Float32))
        {
            ReadOnlySpan<float> a = MemoryMarshal.Cast<byte, float>(one.Bytes),
                b = MemoryMarshal.Cast<byte, float>(other.Bytes);
            for (int i = 0; i < a.Length; i++)
            {
                (square, norm) = (square + ((a[i] - b[i]) * (double)(a[i] - b[i])), norm + (b[i] * (double)b[i]));
            }
        }

        return Math.Sqrt(square / norm);
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
        IDataView rows = Row.Load(ml, 90, random);
        FeatureMiningOptions options = Row.Options with { Epochs = 15, CropPadding = 1 };
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
        TrainingStrategy made = StrategyCatalog.Create(strategy);
        TrainingRecipe recipe = SmallRecipe with
        {
            Strategies = [made is TreeSupervision ? new TreeSupervision { Hierarchy = ClassHierarchy.Parse("((0,1),(2,3));") } : made],
        };
        RequireFinite(FitNoise(recipe, device));
    }

    private static TrainingOutcome FitNoise(TrainingRecipe recipe, Device device, ImageSet? validation = null) =>
        TrainingEngine.Fit(recipe, Noise(), validation, new TrainingHost(device));

    private static ImageSet Noise()
    {
        MemoryPixels images = new(SmallRecipe.Input.Length);
        Random random = new(2);
        for (int i = 0; i < 32; i++)
        {
            byte[] pixels = new byte[SmallRecipe.Input.Length];
            random.NextBytes(pixels);
            images.Add(pixels);
        }

        return SetOf(images, NoiseClasses);
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
        const int count = 1 << 13;
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

    private static void RequireFinite(TrainingOutcome outcome) =>
        Require(outcome.History.All(epoch => double.IsFinite(epoch.TrainLoss)), "the loss is not finite.");

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

        public static FeatureMiningOptions Options { get; } =
            new()
            {
                Backbone = "cifar-resnet-8",
                BatchSize = 16,
                Channels = 1,
                ImageHeight = Side,
                ImageWidth = Side,
            };

        public static IDataView Load(MLContext ml, int count, Random random) =>
            ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => new Row { Label = (uint)(i % 3), Image = Bands(i % 3, random) }).ToArray());

        private static float[] Bands(int label, Random random) =>
            [.. Enumerable.Range(0, Side * Side).Select(i => random.Next(100) + (i / Side / 4 == label ? 120f : 0f))];
    }
}
