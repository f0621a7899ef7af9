using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Parts;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// A training strategy as the user writes it: immutable settings, kept in the model's manifest. All state of a Fit lives in the <see cref="StrategyRun"/>
/// that <see cref="Start"/> makes, because one estimator may be fitted many times (CrossValidate does).
/// </summary>
/// <remarks>For one of your own, derive a class from this class. Its public properties are its settings, which the model's manifest keeps and by which a workspace tells runs apart.</remarks>
[JsonConverter(typeof(StrategyCatalog.Converter))]
public abstract class TrainingStrategy
{
    /// <summary>The name in the catalog, on the command line and in the manifest, e.g. <c>feature-mining</c>.</summary>
    public abstract string Key { get; }

    /// <summary>What the strategy does to a batch or needs of it, by which strategies that cannot go together are refused.</summary>
    protected internal virtual StrategyTraits Traits => StrategyTraits.None;

    /// <summary>What is wrong with the settings for a network of so many stages; empty where all is well.</summary>
    public virtual IEnumerable<string> Problems(int stageCount) => [];

    /// <summary>Begins a Fit, before the optimizer exists.</summary>
    protected internal abstract StrategyRun Start(StrategyContext context);
}

/// <summary>The training strategies of this library, and those that were registered, by key.</summary>
public static class StrategyCatalog
{
    private static readonly PartCatalog<TrainingStrategy> Catalog = new("training strategy", nameof(StrategyCatalog), part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Makes a strategy with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists the known keys.</exception>
    public static TrainingStrategy Create(string key) => Catalog.Create(key);

    /// <summary>Adds a strategy of your own under its <see cref="TrainingStrategy.Key"/>, so that <see cref="Create"/>, and the command line of a program that uses it, know it. Safe to call from any thread.</summary>
    /// <param name="create">Makes a new one with its default settings at each call, e.g. <c>() => new MyStrategy()</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or has other characters than letters, digits, hyphens, underscores and dots.</exception>
    public static void Register(Func<TrainingStrategy> create) => Catalog.Register(create);

    /// <summary>Says what is wrong with the key of a part, or null where it names this part or none.</summary>
    internal static string? Problem(TrainingStrategy part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<TrainingStrategy>(part => part.Key, Create);
}

/// <summary>What a strategy does to a batch or needs of it, as far as others must know.</summary>
[Flags]
public enum StrategyTraits
{
    /// <summary>Nothing that concerns others.</summary>
    None = 0,

    /// <summary>Blends images of different classes; their targets are distributions from then on.</summary>
    MixesImages = 1,

    /// <summary>Takes each image for one of a single class.</summary>
    NeedsWholeImages = 2,

    /// <summary>Decides in which order images come.</summary>
    OrdersImages = 4,

    /// <summary>Takes a target for one class, or a mixture of classes, and not for a set of them.</summary>
    NeedsOneClass = 8,

    /// <summary>Looks at training images of its own choice, beside those of the batch.</summary>
    DrawsImages = 16,
}

/// <summary>
/// All state of one strategy in one Fit. Hooks take values and give values; the default of each does nothing. The loop calls them in the order of the
/// recipe: <see cref="Order"/> once an epoch; in each step <see cref="Prepare"/>, then <see cref="OnStage"/> stage by stage, then <see cref="AddLosses"/>, one backward pass, one step.
/// </summary>
/// <remarks>
/// A checkpoint keeps <see cref="StrategyContext.Random"/> and the parameters and buffers of modules that were added (<see cref="StrategyContext.AddModule"/>), and no fields: what a resumed run needs
/// belongs into a buffer.
/// </remarks>
public abstract class StrategyRun
{
    /// <summary>
    /// Rearranges an epoch: from the indices of all training images, freshly shuffled, to the same indices in the order in which batches take them. Draws nothing and
    /// keeps nothing, so that an epoch can be taken up again in its middle.
    /// </summary>
    /// <param name="order">The indices.</param>
    /// <param name="labels">For each index its class.</param>
    /// <param name="batchSize">Images that go through the network together; the last may be fewer.</param>
    public virtual int[] Order(int[] order, IReadOnlyList<int> labels, int batchSize) => order;

    /// <summary>Replaces a batch, as Mixup does. Returns the same object to leave it.</summary>
    public virtual Batch Prepare(Batch batch, TrainingClock clock) => batch;

    /// <summary>Sees, or replaces, the output [N,C,h,w] of stage <paramref name="stage"/> (from 0) before the next stage takes it.</summary>
    public virtual Tensor OnStage(int stage, Tensor features, TrainingClock clock) => features;

    /// <summary>Adds loss terms to the criterion.</summary>
    public virtual void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
    {
    }

    /// <summary>Called when an epoch and its validation are over.</summary>
    public virtual void EndEpoch(EpochMetrics metrics)
    {
    }
}
