using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>The settings of a head, which turns the features of the last stage into logits. Immutable; <see cref="Create"/> makes the module.</summary>
/// <remarks>
/// For one of your own, derive a record from this class and a module from <see cref="HeadModule"/>. The record's public properties are its settings, which the model's manifest keeps. A saved model names
/// its head by <see cref="Key"/>: a program that loads the model calls <see cref="HeadCatalog.Register"/> first.
/// </remarks>
[JsonConverter(typeof(HeadCatalog.Converter))]
public abstract record Head
{
    /// <summary>The name in the catalog, on the command line and in the manifest.</summary>
    public abstract string Key { get; }

    /// <summary>What is wrong with the settings for features of so many channels, beyond the ranges that attributes of the properties give; empty if they can be used.</summary>
    /// <param name="channels">Channels C of the last stage.</param>
    public virtual IEnumerable<string> Problems(int channels) => [];

    /// <summary>Makes the module. Called several times in a Fit; it must make the same modules each time.</summary>
    /// <param name="backbone">The backbone before it; its last stage gives <c>backbone.StageChannels[^1]</c> channels.</param>
    /// <param name="classes">The number of classes K.</param>
    protected internal abstract HeadModule Create(Backbone backbone, int classes);
}

/// <summary>The module of a head: <see cref="Embed"/> pools the features of the last stage, <c>forward</c> classifies the embedding.</summary>
/// <remarks>Call <c>RegisterComponents()</c> at the end of the constructor; what <see cref="Backbone"/> says of modules holds here too.</remarks>
public abstract class HeadModule : nn.Module<Tensor, Tensor>
{
    private readonly Func<Tensor, Tensor> _pool;

    /// <summary>A head whose embedding is the mean over all positions (global average pooling), unless it overrides <see cref="Embed"/>.</summary>
    /// <param name="name">The name of the module.</param>
    protected HeadModule(string name)
        : this(name, ImageNetwork.Pool)
    {
    }

    private protected HeadModule(string name, Func<Tensor, Tensor> pool)
        : base(name) => _pool = pool;

    /// <summary>From the features [N,C,h,w] of the last stage to the embedding [N,E], the classifier's input.</summary>
    public virtual Tensor Embed(Tensor features) => _pool(features);

    /// <summary>The weights [K,C] of a head that is linear in the mean of the features over all positions, by which a class activation map weighs channels; null for any other head.</summary>
    protected internal virtual Tensor? ClassWeights() => null;

    /// <summary>Draws the initial weights, as <see cref="Backbone.InitializeWeights"/> does.</summary>
    /// <param name="random">The stream of the Fit's initial weights.</param>
    protected internal virtual void InitializeWeights(RandomStream random) => WeightInitializer.Initialize(this, random);

    /// <summary>From the embedding [N,E] to the logits, and to what the criterion is applied to. Scoring calls <c>forward</c>, which must give the same logits.</summary>
    public virtual HeadOutput Classify(Tensor embedding)
    {
        Tensor logits = call(embedding);
        return new HeadOutput(logits, [logits]);
    }
}

/// <summary>The output of a head for one batch.</summary>
/// <param name="Logits">[N,K], the network's output.</param>
/// <param name="Supervised">Logits [N,K] to which the criterion is applied, its values averaged: the output alone, or that of each of several classifiers that are trained on their own.</param>
public sealed record HeadOutput(Tensor Logits, IReadOnlyList<Tensor> Supervised);

/// <summary>The heads of this library, and those that were registered, by key.</summary>
public static class HeadCatalog
{
    private static readonly PartCatalog<Head> Catalog = new("head", nameof(HeadCatalog), part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Makes a head with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists the known keys.</exception>
    public static Head Create(string key) => Catalog.Create(key);

    /// <summary>Adds a head of your own under its <see cref="Head.Key"/>. A program that loads a model with this head registers it first. Safe to call from any thread.</summary>
    /// <param name="create">Makes a new one with its default settings at each call, e.g. <c>() => new CosineHead()</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or has other characters than letters, digits, hyphens, underscores and dots.</exception>
    public static void Register(Func<Head> create) => Catalog.Register(create);

    /// <summary>Says what is wrong with the key of a part, or null where it names this part or none.</summary>
    internal static string? Problem(Head part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<Head>(part => part.Key, Create);
}
