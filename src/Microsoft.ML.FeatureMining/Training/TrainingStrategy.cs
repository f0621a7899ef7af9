using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Parts;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// The immutable settings of a training strategy. They are saved in the model's manifest. The state of a Fit is in the <see cref="StrategyRun"/> that
/// <see cref="Start"/> creates, because one estimator may be fitted many times (CrossValidate does).
/// </summary>
/// <remarks>
/// To write your own strategy, derive a record from this class. Its public properties are its settings: they are saved in the model's manifest, and a workspace
/// uses them to identify a run.
/// </remarks>
[JsonConverter(typeof(StrategyCatalog.Converter))]
public abstract record TrainingStrategy : IPart
{
    /// <summary>The name in the catalog, on the command line and in the manifest, e.g. <c>feature-mining</c>.</summary>
    public abstract string Key { get; }

    /// <summary>What the strategy does with a batch or needs from it; used to reject combinations of strategies that cannot work.</summary>
    protected internal virtual StrategyTraits Traits => StrategyTraits.None;

    /// <summary>Lists the problems of the settings, for a network with that many stages; empty if there are none.</summary>
    public virtual IEnumerable<string> Problems(int stageCount) => [];

    /// <summary>Starts a Fit. Called before the optimizer is created.</summary>
    protected internal abstract StrategyRun Start(StrategyContext context);
}

/// <summary>The training strategies of this library and registered custom ones, by key.</summary>
public static class StrategyCatalog
{
    private static readonly PartCatalog<TrainingStrategy> Catalog = new("training strategy", nameof(StrategyCatalog));

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Creates a strategy with its default settings.</summary>
    /// <exception cref="ArgumentException">The key is unknown; the message lists the known keys.</exception>
    public static TrainingStrategy Create(string key) => Catalog.Create(key);

    /// <summary>
    /// Registers a custom strategy under its <see cref="TrainingStrategy.Key"/>, for <see cref="Create"/>, for loading models and for the command line of
    /// programs that use this catalog. Thread-safe.
    /// </summary>
    /// <param name="create">Creates a new instance with default settings at each call, e.g. <c>() => new MyStrategy()</c>.</param>
    /// <exception cref="ArgumentException">The key is already registered, or contains characters other than letters, digits, hyphens, underscores and
    /// dots.</exception>
    public static void Register(Func<TrainingStrategy> create) => Catalog.Register(create);

    /// <summary>Returns the problem of a part's key; null if the key is free or belongs to this part.</summary>
    internal static string? Problem(TrainingStrategy part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<TrainingStrategy>(Create);
}

/// <summary>What a strategy does with a batch or needs from it, as far as it affects other strategies.</summary>
[Flags]
public enum StrategyTraits
{
    /// <summary>Nothing that affects other strategies.</summary>
    None = 0,

    /// <summary>Mixes images of different classes; the targets become mixtures of classes.</summary>
    MixesImages = 1,

    /// <summary>Needs images of a single class.</summary>
    NeedsWholeImages = 2,

    /// <summary>Sets the order of the images.</summary>
    OrdersImages = 4,

    /// <summary>Needs targets of one class or a mixture of classes; does not support multi-label targets.</summary>
    NeedsOneClass = 8,

    /// <summary>Draws additional training images besides those of the batch.</summary>
    DrawsImages = 16,

    /// <summary>Needs an embedding of pooled features [N,C], with the channels of the last stage (<see cref="Networks.Heads.Head.PoolsGlobally"/>).</summary>
    NeedsPooledEmbedding = 32,
}

/// <summary>
/// The state of one strategy in one Fit. By default, each hook does nothing. The loop calls the strategies in the order of the recipe: <see cref="Order"/> once
/// per epoch; for each batch <see cref="Prepare"/>, then <see cref="OnStage"/> for each stage, then <see cref="AddLosses"/>, followed by one backward pass. A
/// step of the optimizer has one batch, or several with <see cref="TrainingOptions.GradientAccumulationSteps"/>; a process may compute only some of them.
/// </summary>
/// <remarks>
/// A checkpoint saves <see cref="StrategyContext.Random"/> and the parameters and buffers of added modules (<see cref="StrategyContext.AddModule"/>), but no
/// fields. Store state that a resumed run needs in a buffer.
/// </remarks>
public abstract class StrategyRun
{
    /// <summary>
    /// Reorders the images of an epoch. The input is a random permutation of the indices of all training images, or, with <see cref="Sampling.Balanced"/>, as
    /// many indices, some of them repeated; the result must contain the same indices, in the order in which batches use them. Must not draw random numbers or
    /// keep state, so that an epoch can be resumed in the middle.
    /// </summary>
    /// <param name="order">The indices.</param>
    /// <param name="labels">The class of each index.</param>
    /// <param name="batchSize">The batch size; the last batch may be smaller.</param>
    public virtual int[] Order(int[] order, IReadOnlyList<int> labels, int batchSize) => order;

    /// <summary>Changes a batch, as Mixup does. Return the same object to leave the batch unchanged.</summary>
    public virtual Batch Prepare(Batch batch, TrainingClock clock) => batch;

    /// <summary>
    /// Observes or changes the output [N,C,h,w] of stage <paramref name="stage"/> (from 0) before it goes to the next stage. With
    /// <see cref="Precision.BFloat16"/> the features are bfloat16.
    /// </summary>
    public virtual Tensor OnStage(int stage, Tensor features, TrainingClock clock) => features;

    /// <summary>Adds terms to the loss.</summary>
    public virtual void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock) { }

    /// <summary>Called after each epoch and its validation.</summary>
    public virtual void EndEpoch(EpochMetrics metrics) { }
}
