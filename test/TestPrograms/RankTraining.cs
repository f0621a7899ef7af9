using System.Globalization;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using TorchSharp;

namespace TestPrograms;

/// <summary>
/// Trains small networks, alone or started by mpirun, and writes a hash of the weights. "RankTraining OUT" trains with many settings. "RankTraining OUT
/// WORKSPACE DELAY TIMEOUT" trains with checkpoints; it waits DELAY milliseconds after each epoch, and TIMEOUT seconds for a rank that does not answer.
/// "RankTraining OUT SWEEP" trains the trials of a sweep, prints their numbers, and writes how many there are. Each rank prints "rank R of N: process P".
/// </summary>
internal static class RankTraining
{
    private const int Side = 8;

    private static readonly TrainingRecipe Plain = new()
    {
        Backbone = "cifar-resnet-8",
        Input = new ImageShape(1, Side, Side),
        Epochs = 2,
        // 22 images in steps of 3 batches of 3; the last step has one batch, of 4 images.
        BatchSize = 3,
        GradientAccumulationSteps = 3,
        LearningRate = 0.05,
        KeepWeights = KeepWeights.Last,
        Seed = 1,
    };

    private static readonly FeatureMiningOptions Small = new()
    {
        Backbone = "cifar-resnet-8",
        Epochs = 8,
        BatchSize = 4,
        CropPadding = 1,
        ValidationFraction = 0.2,
    };

    private static readonly (string Name, TrainingRecipe Recipe)[] Cases =
    [
        ("plain", Plain),
        ("feature mining", Plain with { Strategies = [new FeatureMining()] }),
        ("dropout", Plain with { Head = new LinearHead { Dropout = 0.3 } }),
        ("cs-kd", Plain with { Strategies = [new ClassWiseSelfDistillation { Partners = PartnerSource.Class }] }),
        ("mixup", Plain with { Strategies = [new Mixup()] }),
        ("bfloat16", Plain with { Precision = Precision.BFloat16 }),
        ("clipping and EMA", Plain with { ClipGradientNorm = 0.1, EmaDecay = 0.9 }),
        (
            "fine-tuning",
            Plain with
            {
                FineTuning = new FineTuning
                {
                    FitHead = true,
                    FrozenStages = 1,
                    BackboneLearningRateFactor = 0.1,
                },
            }
        ),
    ];

    public static void Run(string[] args)
    {
        Console.WriteLine($"rank {DistributedJob.Rank} of {DistributedJob.World}: process {Environment.ProcessId}");
        torch.set_num_threads(1);
        string[] lines = args.Length switch
        {
            1 => TrainCases(),
            2 => [Sweep(args[1])],
            _ => [TrainWithCheckpoints(args[1], Number(args[2]), Number(args[3]))],
        };
        if (DistributedJob.Rank == 0)
        {
            File.WriteAllLines(args[0], lines);
        }
    }

    private static string[] TrainCases()
    {
        ICommunicator ranks = DistributedJob.Join(new DistributedSettings());
        (ImageSet train, ImageSet validation) = (Images(22), Images(13));
        return
        [
            .. Cases.Select(entry =>
            {
                TrainingOutcome outcome = TrainingEngine.Fit(entry.Recipe, train, validation, new TrainingHost(torch.CPU) { Ranks = ranks });
                EpochMetrics last = outcome.History[^1];
                return FormattableString.Invariant(
                    $"{entry.Name}: {Hash(outcome.Weights)}, loss {last.TrainLoss:R}, validation loss {last.ValidationLoss:R}, accuracy {last.ValidationAccuracy:R}"
                );
            }),
        ];
    }

    private static string TrainWithCheckpoints(string workspace, int delay, int timeout)
    {
        MLContext ml = new();
        FeatureMiningOptions options = Small with
        {
            GradientAccumulationSteps = 3,
            EarlyStopping = new EarlyStopping { Patience = 1000 },
            WorkspacePath = workspace,
            CheckpointEverySteps = 1,
            Seed = 5,
            Distributed = new DistributedSettings { Timeout = TimeSpan.FromSeconds(timeout) },
            Progress = report => Thread.Sleep(report.Completed is null ? 0 : delay),
        };
        ImageClassificationTransformer model = ml.MulticlassClassification.Trainers.FeatureMining(options).Fit(Rows(ml));
        return Hash(model.Model.Saved.Weights);
    }

    private static string Sweep(string folder)
    {
        MLContext ml = new();
        SweepSettings settings = new()
        {
            Folder = folder,
            Parameters = [new NumberParameter("LearningRate", 0.001, 0.1)],
            Trials = 6,
            Halving = null,
            Progress = trial => Console.WriteLine(FormattableString.Invariant($"trial {trial.Number}: {trial.State}")),
        };
        return ml
            .MulticlassClassification.Sweep(Rows(ml), Small with { Epochs = 1 }, ml.MulticlassClassification.Trainers.FeatureMining, settings)
            .Trials.Count.ToString(CultureInfo.InvariantCulture);
    }

    private static IDataView Rows(MLContext ml) =>
        ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 60).Select(i => new Row { Label = (uint)(i % 3), Image = [.. Pixels(i).Select(pixel => (float)pixel)] }).ToArray()
        );

    private static ImageSet Images(int count)
    {
        ImageShape shape = Plain.Input;
        MemoryPixels pixels = new(shape.Length);
        for (int i = 0; i < count; i++)
        {
            pixels.Add(Pixels(i));
        }

        return new ImageSet(pixels, shape, PixelType.Byte, 2, [.. Enumerable.Range(0, count).Select(i => i % 2)]);
    }

    // Noise with a band at a place that depends on the class.
    private static byte[] Pixels(int image)
    {
        Random random = new(image);
        return [.. Enumerable.Range(0, Side * Side).Select(i => (byte)(random.Next(100) + (i / Side / 2 == image % 3 ? 120 : 0)))];
    }

    private static string Hash(NamedTensors weights)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (NamedTensor tensor in weights.Tensors)
        {
            hash.AppendData(tensor.Bytes);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private sealed class Row
    {
        [KeyType(3)]
        public uint Label { get; set; }

        [VectorType(1, Side, Side)]
        public float[] Image { get; set; } = [];
    }
}
