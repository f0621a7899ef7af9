using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// A random augmentation of training images, applied to a whole batch on the training device. Immutable. Each augmentation has its own random stream.
/// </summary>
/// <remarks>
/// To write your own, derive a record from this class. Its public properties are its settings. They are saved in the model's manifest, and a workspace compares
/// them to tell runs apart.
/// </remarks>
[JsonConverter(typeof(AugmentationCatalog.Converter))]
public abstract record ImageAugmentation : IPart
{
    /// <summary>The name in the catalog, on the command line, in the manifest, and of the random stream.</summary>
    public abstract string Key { get; }

    /// <summary>
    /// Whether it crops images that are larger than the network's input (<see cref="ImageClassificationOptions.CropRatio"/>) to the network's size. If true,
    /// override <see cref="CropTo"/>.
    /// </summary>
    protected internal virtual bool Crops => false;

    /// <summary>
    /// Whether <see cref="CropTo"/> resizes a box to any size, also a smaller one than the network's. If true, progressive resizing
    /// (<see cref="Training.TrainingOptions.ProgressiveResizing"/>) asks it for smaller images; if false, the augmented images are resized.
    /// </summary>
    protected internal virtual bool Resizes => false;

    /// <summary>What is wrong with the settings; empty if they are valid.</summary>
    public virtual IEnumerable<string> Problems() => [];

    /// <summary>
    /// For an augmentation that is cheap while images are copied in memory: the operation on this batch, with the same random numbers that <see cref="Apply"/>
    /// would draw. For all others it is null, and nothing is drawn. Called only if all earlier augmentations run in memory too.
    /// </summary>
    /// <param name="count">Images in the batch.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="network">The shape to crop to: the same, or a smaller one if nothing has cropped the images yet.</param>
    /// <param name="element">Bytes or floats. For floats, only <see cref="PixelMoves"/> run in memory.</param>
    /// <param name="random">The augmentation's stream.</param>
    internal virtual BatchOperation? InMemory(int count, ImageShape shape, ImageShape network, PixelType element, RandomStream random) => null;

    /// <summary>Augments raw images [N,C,H,W]: bytes, or floats if the source gives floats. Returns images of the same shape and type.</summary>
    /// <param name="images">The images.</param>
    /// <param name="random">The augmentation's own stream; a resumed run continues it.</param>
    public abstract Tensor Apply(Tensor images, RandomStream random);

    /// <summary>The same for an augmentation that <see cref="Crops"/>: returns images [N,C,height,width] of that size.</summary>
    /// <param name="images">The images, at least as large as the size.</param>
    /// <param name="size">The shape of the network's input, or a smaller one if the augmentation <see cref="Resizes"/>.</param>
    /// <param name="random">The augmentation's own stream.</param>
    protected internal virtual Tensor CropTo(Tensor images, ImageShape size, RandomStream random) => Apply(images, random);

    /// <summary>The shape of one image of a batch [N,C,H,W].</summary>
    private protected static ImageShape ShapeOf(Tensor images) => new((int)images.shape[1], (int)images.shape[2], (int)images.shape[3]);
}

/// <summary>The augmentations of this library and the registered ones, by key.</summary>
public static class AugmentationCatalog
{
    private static readonly PartCatalog<ImageAugmentation> Catalog = new("augmentation", nameof(AugmentationCatalog));

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Makes an augmentation with its default settings.</summary>
    /// <exception cref="ArgumentException">The key is unknown; the message lists the known keys.</exception>
    public static ImageAugmentation Create(string key) => Catalog.Create(key);

    /// <summary>
    /// Adds your own augmentation under its <see cref="ImageAugmentation.Key"/>. After that, <see cref="Create"/> can make it, also for the command line of a
    /// program that uses it. Thread-safe.
    /// </summary>
    /// <param name="create">Returns a new instance with default settings at each call, e.g. <c>() => new MyAugmentation()</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or contains characters other than letters, digits, hyphens, underscores and dots.</exception>
    public static void Register(Func<ImageAugmentation> create) => Catalog.Register(create);

    /// <summary>An error message if the key is empty or belongs to another type; otherwise null.</summary>
    internal static string? Problem(ImageAugmentation part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<ImageAugmentation>(Create);
}

/// <summary>How the value at a position between pixels is computed.</summary>
public enum Interpolation
{
    /// <summary>The nearest pixel.</summary>
    Nearest,

    /// <summary>The four nearest pixels, weighted by distance.</summary>
    Bilinear,
}

/// <summary>Distributions that several augmentations draw from.</summary>
internal static class RandomDraws
{
    /// <summary>Uniform in [<paramref name="min"/>, <paramref name="max"/>).</summary>
    public static double NextUniform(this RandomStream random, double min, double max) => min + (max - min) * random.NextDouble();

    /// <summary>Log-uniform between <paramref name="min"/> and <paramref name="max"/>.</summary>
    public static double NextLogUniform(this RandomStream random, double min, double max) => Math.Exp(random.NextUniform(Math.Log(min), Math.Log(max)));
}
