using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace PublicApi.Tests.Own;

/// <summary>Crops images to the network's size, at a random height and in the horizontal center.</summary>
internal sealed record MiddleCrop : ImageAugmentation
{
    public override string Key => "middle-crop";

    protected override bool Crops => true;

    public override Tensor Apply(Tensor images, RandomStream random) => images;

    protected override Tensor CropTo(Tensor images, ImageShape size, RandomStream random) =>
        images.narrow(2, random.NextInt((int)images.shape[2] - size.Height + 1), size.Height).narrow(3, ((int)images.shape[3] - size.Width) / 2, size.Width);
}
