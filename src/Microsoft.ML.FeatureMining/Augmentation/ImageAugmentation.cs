using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>One random change of the training images, batched on the training device. Settings are immutable; each draws from a stream of its own.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(AutoAugment), "auto-augment")]
[JsonDerivedType(typeof(ColorJitter), "color-jitter")]
[JsonDerivedType(typeof(Cutout), "cutout")]
[JsonDerivedType(typeof(GridMask), "grid-mask")]
[JsonDerivedType(typeof(PadCropFlip), "pad-crop-flip")]
[JsonDerivedType(typeof(RandAugment), "rand-augment")]
[JsonDerivedType(typeof(RandomErasing), "random-erasing")]
[JsonDerivedType(typeof(RandomResizedCrop), "random-resized-crop")]
[JsonDerivedType(typeof(RandomRotation), "rotation")]
public abstract record ImageAugmentation
{
    /// <summary>The name in the recipe, and of the random stream.</summary>
    [JsonIgnore]
    public abstract string Key { get; }

    /// <summary>What is wrong with the settings; empty where all is well.</summary>
    public virtual IEnumerable<string> Problems() => [];

    /// <summary>
    /// For an augmentation that can be had for little while bytes are copied in memory, what it does to a batch this time, drawn as <see cref="Apply"/> draws; null, and nothing drawn,
    /// for all others. Asked for where no other augmentation comes before it.
    /// </summary>
    /// <param name="count">Images in the batch.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="element">Bytes, or floats: of those only moves (<see cref="PixelMoves"/>) are done in memory.</param>
    /// <param name="random">The augmentation's stream.</param>
    internal virtual BatchOperation? InMemory(int count, ImageShape shape, PixelType element, RandomStream random) => null;

    /// <summary>From raw images [N,C,H,W] (bytes, or floats where the source gives floats) to images of the same shape and type.</summary>
    public abstract Tensor Apply(Tensor images, RandomStream random);
}
