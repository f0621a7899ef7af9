using System.Globalization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Microsoft.ML.FeatureMining;

/// <summary>How much time fine-tuning may take.</summary>
public enum Effort
{
    /// <summary>
    /// Fits only the head, to the features of the pretrained network. Each image (at most 50,000 of them) goes through the network once.
    /// </summary>
    Fast,

    /// <summary>
    /// About five minutes. Fits the head to features of two stages, of larger images and their mirror images, if the time allows; trains all layers if there
    /// are 1,000 images or more and 4 epochs fit.
    /// </summary>
    Balanced,

    /// <summary>The same for up to an hour.</summary>
    Best,
}

/// <summary>What <see cref="FineTuningCatalog.PlanFineTuning"/> plans for.</summary>
public sealed record FineTuningGoal
{
    /// <summary>How much time to spend.</summary>
    /// <value><see cref="Effort.Balanced"/>.</value>
    public Effort Effort { get; init; } = Effort.Balanced;

    /// <summary>The time for Fit, instead of that of <see cref="Effort"/>. The plan keeps to it by estimates; Fit does not watch the clock.</summary>
    /// <value>null: that of <see cref="Effort"/>.</value>
    public TimeSpan? Time { get; init; }

    /// <summary>The number of images that are scored after Fit, such as test images, within the same time; at least 0.</summary>
    /// <value>0.</value>
    public int ScoredImages { get; init; }

    /// <summary>
    /// Settings to keep: columns, validation rows, seed, workspace and so on. The plan replaces what it is about: epochs, batch size, learning rate, warm-up,
    /// schedule, optimizer, weight decay, augmentations and padding, Feature Mining (off), fine-tuning, and the size unless ImageHeight or ImageWidth is
    /// set. It may also set TestTimeAugmentation, Head if it is null, and ValidationFraction (0.1) if there are no validation rows. Without <see
    /// cref="TrainingOptions.InitialWeights"/>, they are <see cref="PretrainedWeights.ResNet18"/>.
    /// </summary>
    /// <value>The defaults of <see cref="FeatureMiningOptions"/>.</value>
    public FeatureMiningOptions Options { get; init; } = new();

    internal TimeSpan Budget =>
        Time
        ?? Effort switch
        {
            Effort.Best => TimeSpan.FromHours(1),
            _ => TimeSpan.FromMinutes(5),
        };
}

/// <summary>A setting that a plan chose.</summary>
/// <param name="Name">The property of the options.</param>
/// <param name="Value">Its value.</param>
/// <param name="Reason">Why.</param>
public sealed record PlannedSetting(string Name, string Value, string Reason)
{
    /// <summary>One line.</summary>
    public override string ToString() => $"{Name}: {Value} ({Reason})";
}

/// <summary>Options for fine-tuning a pretrained network on a set of images, chosen for the set, the machine and the time.</summary>
/// <param name="Options">The options for the trainer.</param>
/// <param name="Settings">What was chosen, and why.</param>
/// <param name="ExpectedTime">The estimated time of Fit.</param>
/// <param name="Images">The number of training rows with a label.</param>
/// <param name="Classes">The number of classes.</param>
/// <param name="Parameters">The number of parameters of the network without its head.</param>
public sealed record FineTuningPlan(
    FeatureMiningOptions Options,
    IReadOnlyList<PlannedSetting> Settings,
    TimeSpan ExpectedTime,
    int Images,
    int Classes,
    long Parameters
);

/// <summary>Chooses the settings of a <see cref="FineTuningPlan"/>.</summary>
/// <param name="goal">What to plan for.</param>
/// <param name="rowsPerClass">The number of training rows of each class.</param>
/// <param name="times">How long the network takes.</param>
/// <param name="network">The network.</param>
/// <param name="input">Height and width of the input: of the user, or that the weights were trained at.</param>
/// <param name="side">The median of the shorter sides of the images in pixels; null if it is not known.</param>
internal sealed class FineTuningPlanner(
    FineTuningGoal goal,
    IReadOnlyList<int> rowsPerClass,
    StepTimes times,
    BackboneFacts network,
    int input,
    int? side = null
)
{
    // Decoding and resizing one photograph on one core.
    private const double DecodeSeconds = 0.012;

    // The machine may do other work too.
    private const double Margin = 0.9;

    private const int SmallestInput = 96;
    private const int SizeStep = 32;

    // Training all layers first loses accuracy: the head fits features that change.
    private const int MinEpochs = 4;
    private const int MaxEpochs = 20;
    private const int MinStepsPerEpoch = 4;
    private const int StrongImbalance = 10;

    private const int RowsForTraining = 1000;

    // Of the images and their mirror images, for a head on two stages: 512 MiB, which fitting needs three times.
    private const double MaxFeatures = 1 << 27;

    // 288 pixels for 224.
    private const double LargerInput = 9.0 / 7;

    private readonly List<PlannedSetting> _settings = [];
    private readonly int _images = rowsPerClass.Sum();

    /// <summary>Checks options to plan for. A plan chooses a head that can be fitted, unless they have one.</summary>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public static void Check(FeatureMiningOptions options) => OptionsCheck.Check(options with { Head = options.Head ?? new LinearHead() });

    /// <inheritdoc cref="FineTuningPlanner"/>
    public static FineTuningPlanner Of(FineTuningGoal goal, IReadOnlyList<int> rowsPerClass, StepTimes times, InputSettings input, int? side) =>
        new(goal, rowsPerClass, times, input.Network, Math.Max(input.Height, input.Width), side);

    public FineTuningPlan Plan()
    {
        Course course = ChooseCourse();
        TellSize(course);
        int batch = ChooseBatch();
        TellEpochs(course);
        FeatureMiningOptions options = FineTuningRecipe.Apply(
            goal.Options,
            course.Epochs,
            batch,
            _images < RowsForTraining ? FineTuningRecipe.SmallSetLearningRate : FineTuningRecipe.LearningRate
        );
        if (!HasSize)
        {
            options = options with { ImageHeight = course.Size, ImageWidth = course.Size };
        }

        if (course.Mirrors)
        {
            options = options with { FineTuning = options.FineTuning with { FitHeadMirrored = true }, TestTimeAugmentation = TestTimeAugmentation.Flip };
            Tell(nameof(options.TestTimeAugmentation), nameof(TestTimeAugmentation.Flip), "the probabilities of an image and its mirror image are averaged");
        }

        if (goal.Options.Head is null && HeadFor(course) is { } head)
        {
            options = options with { Head = head };
            Tell(
                nameof(options.Head),
                head.Key,
                head is MultiStageHead ? "the features of two stages tell similar classes apart" : "the head of the network cannot be fitted"
            );
        }

        if (course.Epochs > 0 && options is { ValidationSet: null, ValidationFraction: null })
        {
            options = options with { ValidationFraction = 0.1 };
            Tell(nameof(options.ValidationFraction), "0.1", "the weights of the best epoch are kept");
        }

        if (rowsPerClass.Max() >= StrongImbalance * rowsPerClass.Min())
        {
            string reason = Invariant($"classes have {rowsPerClass.Min()} to {rowsPerClass.Max()} images; Balanced would favor the small ones");
            Tell(nameof(options.ClassWeighting), options.ClassWeighting.ToString(), reason);
        }

        double seconds = DecodingSeconds + FeatureSeconds(course.Size, course.Mirrors) + (course.Epochs * EpochSeconds(course.Size));
        return new FineTuningPlan(options, _settings, TimeSpan.FromSeconds(seconds), _images, rowsPerClass.Count, times.Parameters);
    }

    private bool HasSize => goal.Options.ImageHeight is not null || goal.Options.ImageWidth is not null;

    private double Left => (goal.Budget.TotalSeconds * Margin) - DecodingSeconds;

    private double DecodingSeconds => (_images + goal.ScoredImages) * DecodeSeconds / Environment.ProcessorCount;

    private int Large => SizeStep * (int)Math.Round(LargerInput * input / SizeStep);

    // From the largest. A size of the user is the only one.
    private IEnumerable<int> Sizes
    {
        get
        {
            if (HasSize)
            {
                yield return input;
                yield break;
            }

            // Enlarged images show nothing more.
            if (side is null || side >= Large)
            {
                yield return Large;
            }

            yield return input;
            for (int size = input - SizeStep; size >= SmallestInput; size -= SizeStep)
            {
                yield return size;
            }
        }
    }

    // Measured (docs/results-fine-tuning.md): training all layers helps from 1,000 images on; with 100 it harms.
    private bool MayTrainAll => goal.Effort != Effort.Fast && _images >= RowsForTraining;

    // Null for the network's own. Two stages are better with mirror images and the head alone; nothing else was measured (docs/results-fine-tuning.md).
    private Head? HeadFor(Course course) =>
        course is { Mirrors: true, Epochs: 0 }
        && network.StageChannels.Count > 1
        && 2.0 * HeadImages * (network.StageChannels[^2] + (2.0 * network.StageChannels[^1])) <= MaxFeatures
        && !goal.Options.Strategies.Any(strategy => strategy.Traits.HasFlag(StrategyTraits.NeedsPooledEmbedding))
            ? new MultiStageHead()
        : network.DefaultHead.IsLinear ? null
        : new LinearHead();

    private bool[] Mirrorings => goal.Options.HorizontalFlip ? [true, false] : [false];

    private int HeadImages => Math.Min(_images, HeadFit.MaxImages);

    private double FeatureSeconds(int size, bool mirrors) => (mirrors ? 2 : 1) * (HeadImages + goal.ScoredImages) * times.At(size, size).Forward;

    private double EpochSeconds(int size) => _images * times.At(size, size).Step;

    private Course ChooseCourse() =>
        goal.Effort == Effort.Fast
            ? new Course(input, Mirrors: false, Epochs: 0)
            : TrainingCourses().FirstOrDefault(course => course.Epochs >= MinEpochs)
                ?? HeadCourses().FirstOrDefault(course => FeatureSeconds(course.Size, course.Mirrors) <= Left)
                ?? new Course(Sizes.Last(), Mirrors: false, Epochs: 0);

    // Not at a smaller size: whether that is better than the head at the size that the weights were trained at depends on the images.
    private IEnumerable<Course> TrainingCourses() =>
        !MayTrainAll
            ? []
            :
            [
                .. from size in Sizes
                where size >= input
                from mirrors in Mirrorings
                select new Course(size, mirrors, (int)Math.Clamp((Left - FeatureSeconds(size, mirrors)) / EpochSeconds(size), 0, MaxEpochs)),
            ];

    // First the size that the weights were trained at, then mirror images, then a larger size. Whether the last two help depends on the images
    // (docs/results-fine-tuning.md).
    private IEnumerable<Course> HeadCourses() =>
        [.. from mirrors in Mirrorings from size in Sizes where size >= input || !mirrors select new Course(size, mirrors, Epochs: 0)];

    private void TellSize(Course course)
    {
        if (!HasSize)
        {
            Tell(
                nameof(goal.Options.ImageHeight),
                course.Size,
                course.Size > input ? Invariant($"networks score best at a larger size than the {input} pixels that they were trained at")
                    : course.Size == input ? "as the weights were trained"
                    : Invariant($"at {input} pixels the features alone take {Text(FeatureSeconds(input, mirrors: false))}")
            );
        }
    }

    private void TellEpochs(Course course) =>
        Tell(
            nameof(goal.Options.Epochs),
            course.Epochs,
            goal.Effort == Effort.Fast ? "only the head is fitted, to the features of the pretrained network"
                : !MayTrainAll ? Invariant($"only the head is fitted; training all layers needs {RowsForTraining} images or more")
                : course.Epochs == 0 ? Invariant($"only the head is fitted; {MinEpochs} epochs over all layers take {Text(MinEpochs * EpochSeconds(input))}")
                : course.Epochs == MaxEpochs ? "more bring little"
                : Invariant($"as many as {Text(goal.Budget.TotalSeconds)} allow")
        );

    private int ChooseBatch()
    {
        int batch = 32;
        while (batch > 8 && _images < MinStepsPerEpoch * batch)
        {
            batch /= 2;
        }

        return batch;
    }

    private void Tell(string name, int value, string reason) => Tell(name, value.ToString(CultureInfo.InvariantCulture), reason);

    private void Tell(string name, string value, string reason) => _settings.Add(new PlannedSetting(name, value, reason));

    private static string Text(double seconds) => seconds < 90 ? Invariant($"{seconds:f0} s") : Invariant($"{seconds / 60:f1} min");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // Epochs over all layers, after the head is fitted to the features of the images, and of their mirror images.
    private sealed record Course(int Size, bool Mirrors, int Epochs);
}

/// <summary>The recipe of fine-tuning, as measured (docs/results-fine-tuning.md).</summary>
internal static class FineTuningRecipe
{
    public const double LearningRate = 3e-4;

    /// <summary>For smaller sets, where the other rate can spoil a network in few steps.</summary>
    public const double SmallSetLearningRate = 1e-4;

    public static FeatureMiningOptions Apply(FeatureMiningOptions options, int epochs, int batch, double learningRate = LearningRate) =>
        options with
        {
            InitialWeights = options.InitialWeights ?? PretrainedWeights.ResNet18,
            FineTuning = new FineTuning
            {
                FitHead = true,
                LayerDecay = 0.7,
                FreezeBatchNorm = true,
            },
            Stages = 0,
            Epochs = epochs,
            BatchSize = batch,
            Optimizer = new AdamWOptimizer(),
            LearningRate = learningRate,
            WeightDecay = 0.01,
            WarmupEpochs = epochs > 1 ? 1 : 0,
            Schedule = new CosineSchedule(),
            CropPadding = 0,
            Augmentations = [new RandomResizedCrop { MinArea = 0.35 }],
        };
}
