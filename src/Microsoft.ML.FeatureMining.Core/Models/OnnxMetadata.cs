using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>The names of inputs, outputs and metadata of an exported ONNX model.</summary>
internal static class OnnxMetadata
{
    public const string Image = "Image";
    public const string Score = "Score";
    public const string PredictedLabel = "PredictedLabel";

    public const string ClassNames = "class_names";
    public const string Task = "task";
    public const string Input = "input";
    public const string Preprocessing = "preprocessing";
    public const string Manifest = "manifest";

    public const string Multiclass = "multiclass";
    public const string Multilabel = "multilabel";

    /// <summary>The value of <see cref="Input"/> for RGB bytes [N,H,W,3].</summary>
    public const string RawImages = "RawImages";

    /// <summary>The value of <see cref="Input"/> for floats [N,C,h,w].</summary>
    public const string NormalizedFloats = "NormalizedFloats";
}

/// <summary>The preprocessing of a network, for the metadata of an ONNX model.</summary>
/// <param name="Channels">1 or 3.</param>
/// <param name="Height">The height of the image that the views are cropped from; without views, of the network's input.</param>
/// <param name="Width">The width.</param>
/// <param name="CropRatio">The fraction of each side of the resized image that the center crop keeps.</param>
/// <param name="Resize">How images are resized.</param>
/// <param name="Element">The type of the pixels: bytes, or planar floats, which are not resized.</param>
/// <param name="Origin">Who decoded the training images; null for planar floats, or if it is not known.</param>
/// <param name="Mean">The mean of each channel, from 0 to 255.</param>
/// <param name="Std">The standard deviation of each channel.</param>
internal sealed record OnnxInputDescription(
    int Channels,
    int Height,
    int Width,
    double CropRatio,
    ResizeRule Resize,
    PixelType Element,
    ImageOrigin? Origin,
    IReadOnlyList<float> Mean,
    IReadOnlyList<float> Std
)
{
    public ImagePreprocessing ToPreprocessing() =>
        new()
        {
            Shape = new ImageShape(Channels, Height, Width),
            CropRatio = CropRatio,
            Resize = Resize,
        };
}
