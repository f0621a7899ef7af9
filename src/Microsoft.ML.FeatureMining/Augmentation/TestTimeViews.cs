using Microsoft.ML.FeatureMining.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Cuts the views that <see cref="TestTimeAugmentation"/> names.</summary>
internal static class TestTimeViews
{
    private const double CropScale = 256.0 / 224;

    /// <summary>What pictures are resized to for a network of that input.</summary>
    public static ImageShape Source(TestTimeAugmentation augmentation, ImageShape network) => CutsOut(augmentation)
        ? network with { Height = Scaled(network.Height), Width = Scaled(network.Width) }
        : network;

    /// <summary>What comes nearest where pictures are taken as they are, and there is no larger one to cut crops out of.</summary>
    public static TestTimeAugmentation WithoutResizing(TestTimeAugmentation augmentation) => augmentation switch
    {
        TestTimeAugmentation.TenCrop => TestTimeAugmentation.Flip,
        TestTimeAugmentation.CenterCrop => TestTimeAugmentation.None,
        _ => augmentation,
    };

    /// <summary>Whether views are cut out of a picture larger than the network's.</summary>
    public static bool CutsOut(TestTimeAugmentation augmentation) => augmentation is TestTimeAugmentation.TenCrop or TestTimeAugmentation.CenterCrop;

    /// <summary>The views one after another, each of all images.</summary>
    /// <param name="augmentation">Which.</param>
    /// <param name="images">[N,C,H,W] of the shape of <see cref="Source"/>.</param>
    /// <param name="network">The shape of a view.</param>
    public static IEnumerable<Tensor> Of(TestTimeAugmentation augmentation, Tensor images, ImageShape network) => augmentation switch
    {
        TestTimeAugmentation.Flip => [images, images.flip(3)],
        TestTimeAugmentation.TenCrop => TenCrop.Views(images, network.Height, network.Width),
        TestTimeAugmentation.CenterCrop => [TenCrop.Center(images, network.Height, network.Width)],
        _ => [images],
    };

    private static int Scaled(int side) => (int)Math.Round(side * CropScale);
}
