using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Parts;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>A loss (PyTorch: criterion): from logits [N,K] and targets [N,K] to a scalar, the mean over the batch. Settings are immutable.</summary>
/// <remarks>
/// To write your own loss, derive a record from this class. Its public properties are its settings. They are saved in the model's manifest, and a workspace
/// uses them to identify a run.
/// </remarks>
[JsonConverter(typeof(LossCatalog.Converter))]
public abstract record ClassificationLoss : IPart
{
    /// <summary>The name in the catalog, on the command line and in the manifest.</summary>
    public abstract string Key { get; }

    /// <summary>Whether the loss treats each class independently, so that an image may have any set of classes (multi-label).</summary>
    [JsonIgnore]
    public virtual bool IsMultilabel => false;

    /// <summary>Validation errors of the settings, beyond the range attributes of the properties; empty if the settings are valid.</summary>
    public virtual IEnumerable<string> Problems() => [];

    /// <summary>
    /// Computes the loss. Targets are class probabilities; a hard label is a one-hot row. The binary losses treat each entry as an independent probability, so
    /// rows need not sum to 1.
    /// </summary>
    public abstract Tensor Compute(Tensor logits, Tensor targets);
}

/// <summary>The built-in and the registered losses, by key.</summary>
public static class LossCatalog
{
    private static readonly PartCatalog<ClassificationLoss> Catalog = new("loss", nameof(LossCatalog));

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Creates a loss with its default settings.</summary>
    /// <exception cref="ArgumentException">There is no loss with this key; the message lists the known keys.</exception>
    public static ClassificationLoss Create(string key) => Catalog.Create(key);

    /// <summary>
    /// Registers your own loss under its <see cref="ClassificationLoss.Key"/>, so that <see cref="Create"/> and the command line find it. Thread-safe.
    /// </summary>
    /// <param name="create">Returns a new loss with default settings on each call, e.g. <c>() => new MyLoss()</c>.</param>
    /// <exception cref="ArgumentException">
    /// The key is already in use, or contains characters other than letters, digits, hyphens, underscores and dots.
    /// </exception>
    public static void Register(Func<ClassificationLoss> create) => Catalog.Register(create);

    /// <summary>An error message if the key is empty or belongs to another type; otherwise null.</summary>
    internal static string? Problem(ClassificationLoss part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<ClassificationLoss>(Create);
}
