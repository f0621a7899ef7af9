using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>One random change of the training images, batched on the training device. Settings are immutable; each draws from a stream of its own.</summary>
/// <remarks>
/// For one of your own, derive a record from this class. Its public properties are its settings, which the model's manifest keeps and by which a workspace
/// tells runs apart.
/// </remarks>
[JsonConverter(typeof(AugmentationCatalog.Converter))]
public abstract record ImageAugmentation
{
    /// <summary>The name in the catalog, on the command line and in the manifest, and of the random stream.</summary>
    public abstract string Key { get; }

    /// <summary>
    /// Whether images that are larger than the network's (<see cref="Training.TrainingOptions.CropRatio"/>) come out of it in the network's size: it overrides
    /// <see cref="CropTo"/>.
    /// </summary>
    protected internal virtual bool Crops => false;

    /// <summary>What is wrong with the settings; empty where all is well.</summary>
    public virtual IEnumerable<string> Problems() => [];

    /// <summary>
    /// For an augmentation that is cheap while images are copied in memory: the operation on this batch, with the same random numbers that <see cref="Apply"/>
    /// would draw. For all others null, and nothing is drawn. Called only if all augmentations before it run in memory too.
    /// </summary>
    /// <param name="count">Images in the batch.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="network">The shape that the network takes: the same, or a smaller one if nothing has cropped the images yet.</param>
    /// <param name="element">Bytes or floats. Of floats, only <see cref="PixelMoves"/> run in memory.</param>
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

/// <summary>The augmentations of this library, and those that were registered, by key.</summary>
public static class AugmentationCatalog
{
    private static readonly PartCatalog<ImageAugmentation> Catalog = new("augmentation", nameof(AugmentationCatalog), part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Makes an augmentation with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists the known keys.</exception>
    public static ImageAugmentation Create(string key) => Catalog.Create(key);

    /// <summary>
    /// Adds an augmentation of your own under its <see cref="ImageAugmentation.Key"/>, so that <see cref="Create"/>, and the command line of a program that
    /// uses it, know it. Safe to call from any thread.
    /// </summary>
    /// <param name="create">Makes a new one with its default settings at each call, e.g. <c>() => new MyAugmentation()</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or has other characters than letters, digits, hyphens, underscores and dots.</exception>
    public static void Register(Func<ImageAugmentation> create) => Catalog.Register(create);

    /// <summary>Says what is wrong with the key of a part, or null where it names this part or none.</summary>
    internal static string? Problem(ImageAugmentation part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<ImageAugmentation>(part => part.Key, Create);
}

/// <summary>How pixels between pixels are read.</summary>
public enum Interpolation
{
    /// <summary>The nearest pixel.</summary>
    Nearest,

    /// <summary>The four pixels around, weighted by nearness.</summary>
    Bilinear,
}

/// <summary>Laws that several augmentations draw from.</summary>
internal static class RandomDraws
{
    /// <summary>Uniform in [<paramref name="min"/>, <paramref name="max"/>).</summary>
    public static double NextUniform(this RandomStream random, double min, double max) => min + (max - min) * random.NextDouble();

    /// <summary>Its logarithm is uniform between those of <paramref name="min"/> and <paramref name="max"/>.</summary>
    public static double NextLogUniform(this RandomStream random, double min, double max) => Math.Exp(random.NextUniform(Math.Log(min), Math.Log(max)));
}
