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
[JsonDerivedType(typeof(RandomCrop), "random-crop")]
[JsonDerivedType(typeof(RandomErasing), "random-erasing")]
[JsonDerivedType(typeof(RandomResizedCrop), "random-resized-crop")]
[JsonDerivedType(typeof(RandomRotation), "rotation")]
public abstract record ImageAugmentation
{
    /// <summary>The name in the recipe, and of the random stream.</summary>
    [JsonIgnore]
    public abstract string Key { get; }

    /// <summary>Whether larger images come out of it in the size of the network's.</summary>
    [JsonIgnore]
    internal virtual bool Crops => false;

    /// <summary>What is wrong with the settings; empty where all is well.</summary>
    public virtual IEnumerable<string> Problems() => [];

    /// <summary>
    /// For an augmentation that can be had for little while bytes are copied in memory, what it does to a batch this time, drawn as <see cref="Apply"/> draws; null, and nothing drawn,
    /// for all others. Asked for where no other augmentation comes before it.
    /// </summary>
    /// <param name="count">Images in the batch.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="network">The shape that the network takes: the same, or a smaller one where nothing has cropped the images yet.</param>
    /// <param name="element">Bytes, or floats: of those only moves (<see cref="PixelMoves"/>) are done in memory.</param>
    /// <param name="random">The augmentation's stream.</param>
    internal virtual BatchOperation? InMemory(int count, ImageShape shape, ImageShape network, PixelType element, RandomStream random) => null;

    /// <summary>From raw images [N,C,H,W] (bytes, or floats where the source gives floats) to images of the same shape and type.</summary>
    public abstract Tensor Apply(Tensor images, RandomStream random);

    /// <summary>The same; one that <see cref="Crops"/> gives images of the network's size.</summary>
    internal virtual Tensor ApplyFor(ImageShape network, Tensor images, RandomStream random) => Apply(images, random);

    /// <summary>The shape of each of a batch [N,C,H,W].</summary>
    private protected static ImageShape ShapeOf(Tensor images) => new((int)images.shape[1], (int)images.shape[2], (int)images.shape[3]);
}
