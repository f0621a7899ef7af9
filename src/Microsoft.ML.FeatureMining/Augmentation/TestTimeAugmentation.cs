using Microsoft.ML.FeatureMining.Imaging;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Which views of a picture a model scores; the probabilities of all views are averaged.</summary>
public enum TestTimeAugmentation
{
    /// <summary>The picture itself.</summary>
    None,

    /// <summary>The picture and its mirror image; not for digits, text or anything with a handedness.</summary>
    Flip,

    /// <summary>
    /// The four corners and the center, and the same of the mirror image (<see cref="Augmentation.TenCrop"/>), cut out of the whole picture where the model
    /// sees the middle of it (<see cref="Training.TrainingOptions.CropRatio"/>), or else out of one whose sides are 8/7 of the network's, as 256 is of 224.
    /// </summary>
    TenCrop,
}

/// <summary>Cuts the views that <see cref="TestTimeAugmentation"/> names.</summary>
internal static class TestTimeViews
{
    private const double TenCropShare = 224.0 / 256;

    /// <summary>What becomes of a picture of which a network sees that, before views are cut out.</summary>
    public static ImagePreprocessing Source(TestTimeAugmentation augmentation, ImagePreprocessing seen) =>
        augmentation == TestTimeAugmentation.TenCrop ? (seen with { CropRatio = seen.CropRatio < 1 ? seen.CropRatio : TenCropShare }).Uncropped() : seen;

    /// <summary>The views one after another, each of all images.</summary>
    /// <param name="augmentation">Which.</param>
    /// <param name="images">[N,C,H,W] as <see cref="Source"/> makes them.</param>
    /// <param name="network">The shape of a view.</param>
    public static IEnumerable<Tensor> Of(TestTimeAugmentation augmentation, Tensor images, ImageShape network) =>
        augmentation switch
        {
            TestTimeAugmentation.Flip => [images, images.flip(3)],
            TestTimeAugmentation.TenCrop => TenCrop.Views(images, network.Height, network.Width),
            _ => [images],
        };
}

/// <summary>The ten views of test-time augmentation: the four corners and the center of an image, and the same of its mirror image.</summary>
internal static class TenCrop
{
    /// <summary>Cuts ten crops out of each image.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="height">Rows of a crop, 1 to H.</param>
    /// <param name="width">Columns of a crop, 1 to W.</param>
    /// <returns>[N,10,C,height,width]: upper left, upper right, lower left, lower right, center; then the five of the mirror image.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A crop is empty or larger than the images.</exception>
    public static Tensor Of(Tensor images, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        return stack(Views(images, height, width), 1).MoveToOuterDisposeScope();
    }

    /// <summary>The crops of <see cref="Of"/> one by one, [N,C,height,width] each; they share memory with the images or their mirror images.</summary>
    public static IEnumerable<Tensor> Views(Tensor images, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(images);
        (int bottom, int right) = ((int)images.shape[2] - height, (int)images.shape[3] - width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegative(bottom, nameof(height));
        ArgumentOutOfRangeException.ThrowIfNegative(right, nameof(width));
        (int Top, int Left)[] corners =
        [
            (0, 0),
            (0, right),
            (bottom, 0),
            (bottom, right),
            ((int)ResizeWindow.Margin(images.shape[2], height), (int)ResizeWindow.Margin(images.shape[3], width)),
        ];
        return from side in new[] { images, images.flip(3) } from corner in corners select side.narrow(2, corner.Top, height).narrow(3, corner.Left, width);
    }
}
