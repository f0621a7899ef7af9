using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>The training engine, shared by all trainers.</summary>
internal static class TrainingEngine
{
    /// <summary>Trains a classifier.</summary>
    /// <exception cref="ArgumentException">The recipe or an image set is invalid; the message lists all problems.</exception>
    /// <exception cref="TrainingDivergedException">The loss or the weights became NaN or infinite.</exception>
    public static TrainingOutcome Fit(TrainingRecipe recipe, ImageSet train, ImageSet? validation, TrainingHost host)
    {
        List<string> problems =
        [
            .. recipe.Problems(),
            .. SetProblems("training", recipe, train),
            .. DrawingProblems(recipe, train),
            .. ClassBalance.Problems(recipe, train),
        ];
        if (validation is not null)
        {
            problems.AddRange(SetProblems("validation", recipe, validation));
        }
        else if (recipe.EarlyStopping is not null)
        {
            problems.Add("EarlyStopping needs a validation set, but there is no validation set.");
        }

        TrainingRecipe resolved = problems.Count == 0 ? ClassBalance.Resolve(recipe, train) : recipe;
        return Run(resolved, problems, host, random => new ClassificationTask(resolved, train, validation, random, host));
    }

    /// <summary>Runs the loop for a task.</summary>
    /// <param name="recipe">The recipe of the run.</param>
    /// <param name="problems">What is wrong with the recipe or the images.</param>
    /// <param name="host">The environment of the run.</param>
    /// <param name="createTask">Creates the task, which draws from these streams.</param>
    /// <exception cref="ArgumentException">There are problems; the message lists them.</exception>
    /// <exception cref="TrainingDivergedException">The loss or the weights became NaN or infinite.</exception>
    public static TrainingOutcome Run(TrainingRecipe recipe, IReadOnlyList<string> problems, TrainingHost host, Func<RandomStreams, TrainingTask> createTask)
    {
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(recipe));
        }

        NativeHeap.KeepFreed();
        try
        {
            using TorchScope scope = new(gradients: true);
            RandomStreams random = new(recipe.Seed);
            using TrainingTask task = createTask(random);
            using TrainingLoop loop = new(recipe, task, random, host);
            return loop.Run() with { Exits = task.Exits };
        }
        finally
        {
            NativeHeap.Trim();
        }
    }

    private static IEnumerable<string> DrawingProblems(TrainingRecipe recipe, ImageSet train) =>
        from strategy in recipe.Strategies
        where strategy.Traits.HasFlag(StrategyTraits.DrawsImages) && !train.ReachesAnyImage
        select $"The strategy '{strategy.Key}' draws random training images, but the rows are streamed sequentially. Use an image column of paths (text), "
            + "or set Storage to Memory or Disk.";

    private static IEnumerable<string> SetProblems(string name, TrainingRecipe recipe, ImageSet set)
    {
        if (set.Count == 0)
        {
            yield return $"The {name} set has no images.";
        }

        if (set.ClassCount < 2)
        {
            yield return $"The {name} set has {set.ClassCount} class; at least 2 classes are required.";
        }

        if (set.LabelSets is not null && !recipe.Loss.IsMultilabel)
        {
            yield return $"The labels of the {name} set are sets of classes, but the loss '{recipe.Loss.Key}' needs one class per image. "
                + "Use a multi-label loss such as BinaryCrossEntropyLoss.";
        }

        foreach (
            TrainingStrategy strategy in recipe.Strategies.Where(strategy => set.LabelSets is not null && strategy.Traits.HasFlag(StrategyTraits.NeedsOneClass))
        )
        {
            yield return $"The labels of the {name} set are sets of classes, but the strategy '{strategy.Key}' needs one class per image. Remove the strategy.";
        }

        if (set.Shape != recipe.StoredShape)
        {
            yield return $"The images of the {name} set have shape {set.Shape}; the recipe needs {recipe.StoredShape}.";
        }
    }
}

/// <summary>Trains what a recipe says on image sets; <see cref="TrainingEngine.Fit"/> for classifiers.</summary>
internal delegate TrainingOutcome TrainingFit(TrainingRecipe recipe, ImageSet train, ImageSet? validation, TrainingHost host);

/// <summary>The environment of a run: everything that is not part of its recipe.</summary>
internal sealed record TrainingHost(Device Device)
{
    /// <summary>Called every few steps and at the end of each epoch, on the training thread.</summary>
    public Action<TrainingProgress>? Progress { get; init; }

    /// <summary>Called once before the first step with the number of parameters and the steps per epoch.</summary>
    public Action<long, int>? Started { get; init; }

    /// <summary>Receives warnings for the user about problems that do not stop the run.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    /// <summary>Called before each step; true ends the run.</summary>
    public Func<bool> IsCanceled { get; init; } = () => false;

    /// <summary>Loads initial weights into a new network; null for random weights.</summary>
    public Action<ImageNetwork>? LoadWeights { get; init; }

    /// <summary>The state of the optimizer to start with, from the phase before; null for a new one.</summary>
    public OptimizerState? Optimizer { get; init; }

    /// <summary>Loads the models of a teacher by their paths, for batches that are normalized by these statistics; null if the run has no teacher.</summary>
    public Func<IReadOnlyList<string>, ChannelStatistics, Teacher>? LoadTeacher { get; init; }

    /// <summary>The processes that train together.</summary>
    public ICommunicator Ranks { get; init; } = new SingleProcess();

    /// <summary>The checkpoint store; null to save no checkpoints.</summary>
    public ICheckpointStore? Checkpoints { get; init; }
}

/// <summary>The state of an optimizer between two phases of training.</summary>
/// <param name="Tensors">The tensors kept for the parameters, such as momentum buffers.</param>
/// <param name="Steps">The number of steps so far.</param>
internal sealed record OptimizerState(NamedTensors Tensors, long Steps)
{
    public static OptimizerState Of(OptimizerRun optimizer) => new(NamedTensors.Of(optimizer.NamedState()), optimizer.Steps);

    public void CopyTo(OptimizerRun optimizer)
    {
        Tensors.CopyTo(optimizer.NamedState());
        optimizer.Resume(Steps);
    }
}

/// <summary>The result of a run.</summary>
/// <param name="Recipe">The recipe of the run.</param>
/// <param name="Weights">The weights selected by <see cref="Training.TrainingOptions.KeepWeights"/>.</param>
/// <param name="Epoch">The epoch that the weights are from, counted from 1; 0 if no epoch finished.</param>
/// <param name="History">The metrics of each finished epoch.</param>
/// <param name="End">Why the run ended.</param>
/// <param name="Pixels">The mean and standard deviation that normalize the network's input.</param>
internal sealed record TrainingOutcome(
    TrainingRecipe Recipe,
    NamedTensors Weights,
    int Epoch,
    IReadOnlyList<EpochMetrics> History,
    TrainingEnd End,
    ChannelStatistics Pixels
)
{
    /// <summary>The strides between the stages, if the network predicts with exits; else null.</summary>
    public IReadOnlyList<StageStride>? Exits { get; init; }

    /// <summary>The state of the optimizer at the end; null if no phase comes after this one (<see cref="TrainingRecipe.EpochsAfter"/>).</summary>
    public OptimizerState? Optimizer { get; init; }

    /// <summary>The metrics of an earlier run, if the method trains in two phases.</summary>
    public IReadOnlyList<EpochMetrics> EarlierHistory { get; init; } = [];
}
