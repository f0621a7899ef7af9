using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Parts;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>The criterion: from logits [N,K] and targets [N,K] to a scalar, the mean over the batch. Settings are immutable.</summary>
/// <remarks>For one of your own, derive a record from this class. Its public properties are its settings, which the model's manifest keeps and by which a workspace tells runs apart.</remarks>
[JsonConverter(typeof(LossCatalog.Converter))]
public abstract record ClassificationLoss
{
    /// <summary>The name in the catalog, on the command line and in the manifest.</summary>
    public abstract string Key { get; }

    /// <summary>Whether it takes each class by itself, so that a target may be any set of classes.</summary>
    [JsonIgnore]
    public virtual bool IsMultilabel => false;

    /// <summary>What is wrong with the settings; empty where all is well.</summary>
    public virtual IEnumerable<string> Problems() => [];

    /// <summary>
    /// Computes the loss; a hard label is the one-hot distribution. The binary losses take each entry as the probability of its class, whatever their sum.
    /// </summary>
    public abstract Tensor Compute(Tensor logits, Tensor targets);
}

/// <summary>The losses of this library, and those that were registered, by key.</summary>
public static class LossCatalog
{
    private static readonly PartCatalog<ClassificationLoss> Catalog = new("loss", nameof(LossCatalog), part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Makes a loss with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists the known keys.</exception>
    public static ClassificationLoss Create(string key) => Catalog.Create(key);

    /// <summary>Adds a loss of your own under its <see cref="ClassificationLoss.Key"/>, so that <see cref="Create"/>, and the command line of a program that uses it, know it. Safe to call from any thread.</summary>
    /// <param name="create">Makes a new one with its default settings at each call, e.g. <c>() => new MyLoss()</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or has other characters than letters, digits, hyphens, underscores and dots.</exception>
    public static void Register(Func<ClassificationLoss> create) => Catalog.Register(create);

    /// <summary>Says what is wrong with the key of a part, or null where it names this part or none.</summary>
    internal static string? Problem(ClassificationLoss part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<ClassificationLoss>(part => part.Key, Create);
}
