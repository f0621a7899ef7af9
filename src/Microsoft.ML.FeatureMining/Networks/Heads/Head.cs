using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>
/// The settings of a head, which computes logits from the features of the last stage, or of several. Immutable; <see cref="Create"/> creates the module.
/// </summary>
/// <remarks>
/// To write your own head, derive a record from this class and a module from <see cref="HeadModule"/>. The public properties of the record are its settings;
/// they are saved in the model's manifest. Saved models refer to the head by <see cref="Key"/>: a program that loads such a model must call <see
/// cref="HeadCatalog.Register"/> first.
/// </remarks>
[JsonConverter(typeof(HeadCatalog.Converter))]
public abstract record Head : IPart
{
    /// <summary>The name in the catalog, on the command line and in the manifest.</summary>
    public abstract string Key { get; }

    /// <summary>Validation errors of the settings, beyond the range attributes of the properties; empty if the settings are valid.</summary>
    /// <param name="channels">The number of channels C of the last stage.</param>
    public virtual IEnumerable<string> Problems(int channels) => [];

    /// <summary>The same for settings that depend on several stages.</summary>
    /// <param name="stageChannels">The number of channels of each stage.</param>
    internal virtual IEnumerable<string> Problems(IReadOnlyList<int> stageChannels) => Problems(stageChannels[^1]);

    /// <summary>Whether the classifier is one fully connected layer on the embedding, which <see cref="Training.FineTuning.FitHead"/> can fit.</summary>
    internal virtual bool IsLinear => false;

    /// <summary>
    /// Whether <see cref="HeadModule.Embed(Tensor)"/> pools the features over all positions, to [N,C]. Strategies that compare the embedding with pooled
    /// features of other stages or with class centers need it, and so does <see cref="Training.TrainingOptions.ProgressiveResizing"/>, because the size of the
    /// features changes. Override it if your head flattens or selects features.
    /// </summary>
    protected internal virtual bool PoolsGlobally => true;

    /// <summary>Whether the embedding has the channels of the last stage, [N,C].</summary>
    internal virtual bool PoolsLastStage => PoolsGlobally;

    /// <summary>Creates the module. Fit calls it several times; it must create the same modules each time.</summary>
    /// <param name="backbone">The backbone before the head. Its last stage has <c>backbone.StageChannels[^1]</c> channels.</param>
    /// <param name="classes">The number of classes K.</param>
    protected internal abstract HeadModule Create(Backbone backbone, int classes);
}

/// <summary>
/// The module of a head. <see cref="Embed(Tensor)"/> pools the features of the last stage, or <see cref="Embed(IReadOnlyList{Tensor})"/> those of several;
/// <c>forward</c> classifies the embedding.
/// </summary>
/// <remarks>Call <c>RegisterComponents()</c> at the end of the constructor. The remarks of <see cref="Backbone"/> about modules apply too.</remarks>
public abstract class HeadModule : nn.Module<Tensor, Tensor>
{
    private readonly Func<Tensor, Tensor> _pool;

    /// <summary>Creates a head with global average pooling, unless it overrides <see cref="Embed(Tensor)"/>.</summary>
    /// <param name="name">The name of the module.</param>
    protected HeadModule(string name)
        : this(name, ImageNetwork.Pool) { }

    private protected HeadModule(string name, Func<Tensor, Tensor> pool)
        : base(name) => _pool = pool;

    /// <summary>The number of stages whose features the head uses, counted from the last one.</summary>
    /// <value>1.</value>
    public virtual int Stages => 1;

    /// <summary>From the features [N,C,h,w] of the last stage to the embedding [N,E], the input of the classifier.</summary>
    public virtual Tensor Embed(Tensor features) => _pool(features);

    /// <summary>From the features [N,C,h,w] of the last <see cref="Stages"/> stages, first to last, to the embedding [N,E].</summary>
    public virtual Tensor Embed(IReadOnlyList<Tensor> stages)
    {
        ArgumentNullException.ThrowIfNull(stages);
        return Embed(stages[^1]);
    }

    /// <summary>Adds what <see cref="Embed(Tensor)"/> and <c>forward</c> compute in evaluation mode to an ONNX graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="features">The features [N,C,h,w] of the last stage.</param>
    /// <returns>The logits [N,K].</returns>
    /// <exception cref="NotSupportedException">The head does not override this method, so it cannot be exported to ONNX.</exception>
    public virtual OnnxValue Export(OnnxGraphBuilder graph, OnnxValue features) =>
        throw OnnxError.CannotExport(this, "", $"Override {nameof(Export)}, which adds to the graph what {nameof(Embed)} and forward compute.");

    /// <summary>The same for the features of the last <see cref="Stages"/> stages, first to last. By default, exports those of the last one alone.</summary>
    /// <exception cref="NotSupportedException">The head overrides no <c>Export</c>, so it cannot be exported to ONNX.</exception>
    public virtual OnnxValue Export(OnnxGraphBuilder graph, IReadOnlyList<OnnxValue> stages)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(stages);
        return Export(graph, stages[^1]);
    }

    /// <summary>The weights [K,C] for class activation maps, if the head is linear in the globally average-pooled features; otherwise null.</summary>
    protected internal virtual Tensor? ClassWeights() => null;

    /// <summary>The only layer of the classifier, if it is a fully connected layer on the embedding (and dropout); otherwise null.</summary>
    internal virtual Linear? LinearClassifier => null;

    /// <summary>Initializes the weights, as <see cref="Backbone.InitializeWeights"/> does.</summary>
    /// <param name="random">The stream of the Fit's initial weights.</param>
    protected internal virtual void InitializeWeights(RandomStream random) => WeightInitializer.Initialize(this, random);

    /// <summary>
    /// From the embedding [N,E] to the logits and the tensors for the criterion. Scoring calls <c>forward</c>, which must return the same logits.
    /// </summary>
    public virtual HeadOutput Classify(Tensor embedding)
    {
        Tensor logits = call(embedding);
        return new HeadOutput(logits, [logits]);
    }
}

/// <summary>The output of a head for one batch.</summary>
/// <param name="Logits">The logits [N,K], the output of the network.</param>
/// <param name="Supervised">
/// Logits [N,K] to which the criterion is applied; the losses are averaged. Usually the output alone, or the logits of each of several classifiers.
/// </param>
public sealed record HeadOutput(Tensor Logits, IReadOnlyList<Tensor> Supervised);

/// <summary>The built-in and the registered heads, by key.</summary>
public static class HeadCatalog
{
    private static readonly PartCatalog<Head> Catalog = new("head", nameof(HeadCatalog));

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Creates a head with its default settings.</summary>
    /// <exception cref="ArgumentException">There is no head with this key; the message lists the known keys.</exception>
    public static Head Create(string key) => Catalog.Create(key);

    /// <summary>
    /// Registers your own head under its <see cref="Head.Key"/>. A program that loads a model with this head must register it first. Thread-safe.
    /// </summary>
    /// <param name="create">Returns a new head with default settings on each call, e.g. <c>() => new CosineHead()</c>.</param>
    /// <exception cref="ArgumentException">
    /// The key is already in use, or contains characters other than letters, digits, hyphens, underscores and dots.
    /// </exception>
    public static void Register(Func<Head> create) => Catalog.Register(create);

    /// <summary>An error message if the key is empty or belongs to another type; otherwise null.</summary>
    internal static string? Problem(Head part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<Head>(Create);
}
