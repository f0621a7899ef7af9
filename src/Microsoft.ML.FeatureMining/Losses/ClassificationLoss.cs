using System.Text.Json.Serialization;
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
    public virtual bool TakesSets => false;

    /// <summary>What is wrong with the settings; empty where all is well.</summary>
    public virtual IEnumerable<string> Problems() => [];

    /// <summary>
    /// Computes the loss; a hard label is the one-hot distribution. The binary losses take each entry as the probability of its class, whatever their sum.
    /// </summary>
    public abstract Tensor Compute(Tensor logits, Tensor targets);
}
