using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Cuts the network's size out, at a uniform place, of the larger images that <see cref="Training.TrainingOptions.CropRatio"/> keeps.</summary>
internal sealed record RandomCrop : ImageAugmentation
{
    public override string Key => "random-crop";

    protected internal override bool Crops => true;

    /// <summary>Of images that are of the network's size there is nothing to cut off.</summary>
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
