using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>One random change of the training images, batched on the training device. Settings are immutable; each draws from a stream of its own.</summary>
/// <remarks>For one of your own, derive a record from this class. Its public properties are its settings, which the model's manifest keeps and by which a workspace tells runs apart.</remarks>
[JsonConverter(typeof(AugmentationCatalog.Converter))]
public abstract record ImageAugmentation
{
    /// <summary>The name in the catalog, on the command line and in the manifest, and of the random stream.</summary>
    public abstract string Key { get; }

    /// <summary>Whether images that are larger than the network's (<see cref="ImageClassificationOptions.CropShare"/>) come out of it in the network's size: it overrides <see cref="CropTo"/>.</summary>
    protected internal virtual bool Crops => false;

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
    /// <param name="images">The images.</param>
    /// <param name="random">The augmentation's own stream; a resumed run goes on with it.</param>
    public abstract Tensor Apply(Tensor images, RandomStream random);

    /// <summary>The same for an augmentation that <see cref="Crops"/>: gives images [N,C,height,width] of the network's size.</summary>
    /// <param name="images">The images, at least as large as the network's.</param>
    /// <param name="size">The network's images.</param>
    /// <param name="random">The augmentation's own stream.</param>
    protected internal virtual Tensor CropTo(Tensor images, ImageShape size, RandomStream random) => Apply(images, random);

    /// <summary>The shape of each of a batch [N,C,H,W].</summary>
    private protected static ImageShape ShapeOf(Tensor images) => new((int)images.shape[1], (int)images.shape[2], (int)images.shape[3]);
}
