using Microsoft.ML.FeatureMining.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Cuts the views that <see cref="TestTimeAugmentation"/> names.</summary>
internal static class TestTimeViews
{
    private const double TenCropShare = 224.0 / 256;

    /// <summary>What becomes of a picture of which a network sees that, before views are cut out.</summary>
    public static ImagePreprocessing Source(TestTimeAugmentation augmentation, ImagePreprocessing seen) => augmentation == TestTimeAugmentation.TenCrop
        ? (seen with { CropShare = seen.CropShare < 1 ? seen.CropShare : TenCropShare }).Uncropped()
        : seen;

    /// <summary>The views one after another, each of all images.</summary>
    /// <param name="augmentation">Which.</param>
    /// <param name="images">[N,C,H,W] as <see cref="Source"/> makes them.</param>
    /// <param name="network">The shape of a view.</param>
    public static IEnumerable<Tensor> Of(TestTimeAugmentation augmentation, Tensor images, ImageShape network) => augmentation switch
    {
        TestTimeAugmentation.Flip => [images, images.flip(3)],
        TestTimeAugmentation.TenCrop => TenCrop.Views(images, network.Height, network.Width),
        _ => [images],
    };
}
