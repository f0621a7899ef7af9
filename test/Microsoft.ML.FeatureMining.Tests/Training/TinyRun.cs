using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Training runs of a few steps.</summary>
internal static class TinyRun
{
    public static TrainingRecipe Recipe { get; } =
        new()
        {
            Backbone = "cifar-resnet-8",
            Input = new ImageShape(1, 8, 8),
            Epochs = 2,
            BatchSize = 8,
            LearningRate = 0.05,
            Augmentations = [],
            Seed = 1,
        };

    public static TrainingOutcome Fit(
        TrainingRecipe recipe,
        ImageSet? train = null,
        ImageSet? validation = null,
        Action<TrainingProgress>? progress = null,
        Func<bool>? canceled = null,
        ICheckpointStore? checkpoints = null,
        Action<string>? warn = null
    )
    {
        train ??= TinyData.Bands(20);
        return TrainingEngine.Fit(
            recipe,
            train,
            validation,
            new TrainingHost(CPU)
            {
                LoadTeacher = TinyTeacher.Loader(train),
                Progress = progress,
                IsCanceled = canceled ?? (() => false),
                Checkpoints = checkpoints,
                Warn = warn ?? (_ => { }),
            }
        );
    }

    /// <summary>Checks the recipe, creates the components of a run and disposes them without training.</summary>
    public static void MakeParts(TrainingRecipe recipe)
    {
        Assert.Empty(recipe.Problems());
        ImageSet train = TinyData.Bands(20);
        new TrainingComponents(recipe, train, CPU, new RandomStreams(recipe.Seed), loadTeacher: TinyTeacher.Loader(train)).Dispose();
    }

    /// <summary>The metrics of each epoch, without its duration.</summary>
    public static IEnumerable<EpochMetrics> Figures(TrainingOutcome outcome) => outcome.History.Select(epoch => epoch with { Seconds = 0 });

    /// <summary>The name and a hash of each tensor, to compare weights bit by bit.</summary>
    public static string Bits(NamedTensors weights) =>
        string.Join('\n', weights.Tensors.Select(tensor => $"{tensor.Name} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(tensor.Bytes))}"));

    public static string Bits(TrainingOutcome outcome) => Bits(outcome.Weights);
}
