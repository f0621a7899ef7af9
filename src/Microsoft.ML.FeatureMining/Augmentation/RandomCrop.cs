using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Crops images to the network's size at a random position, if <see cref="ImageClassificationOptions.CropRatio"/> keeps larger images.</summary>
internal sealed record RandomCrop : ImageAugmentation
{
    public override string Key => "random-crop";

    protected internal override bool Crops => true;

    /// <summary>Images of the network's size need no crop.</summary>
    public override Tensor Apply(Tensor images, RandomStream random) => images;

    protected internal override Tensor CropTo(Tensor images, ImageShape size, RandomStream random) =>
        Moves((int)images.shape[0], ShapeOf(images), size, random).Apply(images);

    internal override BatchOperation InMemory(int count, ImageShape shape, ImageShape network, PixelType element, RandomStream random) =>
        Moves(count, shape, network, random);

    private static PixelMoves Moves(int count, ImageShape shape, ImageShape network, RandomStream random)
    {
        (AxisMove, AxisMove)[] images = new (AxisMove, AxisMove)[count];
        foreach (ref (AxisMove Rows, AxisMove Columns) image in images.AsSpan())
        {
            image = (Cut(shape.Height, network.Height, random), Cut(shape.Width, network.Width, random));
        }

        return new PixelMoves(shape, network.Height, network.Width, images);
    }

    private static AxisMove Cut(int size, int count, RandomStream random) => AxisMove.Cut(random.NextInt(size - count + 1), count);
}
