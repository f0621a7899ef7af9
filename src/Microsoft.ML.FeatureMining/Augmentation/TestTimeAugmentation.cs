using Microsoft.ML.FeatureMining.Imaging;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>The views of an image that a model scores. The probabilities of all views are averaged.</summary>
public enum TestTimeAugmentation
{
    /// <summary>The image itself.</summary>
    None,

    /// <summary>The image and its horizontal flip. Not for digits, text, or anything where left and right differ.</summary>
    Flip,

    /// <summary>
    /// Crops of the four corners and the center, of the image and of its horizontal flip (<see cref="Augmentation.TenCrop"/>). If the model takes a center crop
    /// (<see cref="ImageClassificationOptions.CropRatio"/> below 1), the ten crops come from the whole image. Otherwise they come from an image resized to 8/7
    /// of the network's size, e.g. 256 for 224.
    /// </summary>
    TenCrop,
}

/// <summary>Makes the views of a <see cref="TestTimeAugmentation"/>.</summary>
internal static class TestTimeViews
{
    private const double TenCropShare = 224.0 / 256;

    /// <summary>The preprocessing of the images that the views are cropped from, given the model's own preprocessing.</summary>
    public static ImagePreprocessing Source(TestTimeAugmentation augmentation, ImagePreprocessing seen) =>
        augmentation == TestTimeAugmentation.TenCrop ? (seen with { CropRatio = seen.CropRatio < 1 ? seen.CropRatio : TenCropShare }).Uncropped() : seen;

    /// <summary>The number of views.</summary>
    public static int Count(TestTimeAugmentation augmentation) =>
        augmentation switch
        {
            TestTimeAugmentation.Flip => 2,
            TestTimeAugmentation.TenCrop => 10,
            _ => 1,
        };

    /// <summary>The views, one tensor of all images per view.</summary>
    /// <param name="augmentation">The kind of views.</param>
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

/// <summary>The ten views of test-time augmentation: crops of the four corners and the center of an image, and of its horizontal flip.</summary>
internal static class TenCrop
{
    /// <summary>Cuts ten crops out of each image.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="height">Rows of a crop, 1 to H.</param>
    /// <param name="width">Columns of a crop, 1 to W.</param>
    /// <returns>
    /// Ten tensors [N,C,height,width], which share memory with the images or the flipped images: upper left, upper right, lower left, lower right, center;
    /// then the same five of the flipped images.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">A crop is empty or larger than the images.</exception>
    public static IEnumerable<Tensor> Views(Tensor images, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(images);
        (int Top, int Left)[] corners = Corners(images.shape[2], images.shape[3], height, width);
        return from side in new[] { images, images.flip(3) } from corner in corners select side.narrow(2, corner.Top, height).narrow(3, corner.Left, width);
    }

    /// <summary>The upper left corners of the five crops of an image.</summary>
    public static (int Top, int Left)[] Corners(long imageHeight, long imageWidth, int height, int width)
    {
        (int bottom, int right) = ((int)imageHeight - height, (int)imageWidth - width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegative(bottom, nameof(height));
        ArgumentOutOfRangeException.ThrowIfNegative(right, nameof(width));
        return [(0, 0), (0, right), (bottom, 0), (bottom, right), ((int)ResizeWindow.Margin(imageHeight, height), (int)ResizeWindow.Margin(imageWidth, width))];
    }
}
