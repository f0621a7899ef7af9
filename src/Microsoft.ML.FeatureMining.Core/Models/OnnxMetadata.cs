using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>The names of inputs, outputs and metadata of an exported ONNX model.</summary>
internal static class OnnxMetadata
{
    public const string Image = "Image";
    public const string Score = "Score";
    public const string PredictedLabel = "PredictedLabel";

    /// <summary>The output with the probabilities of one network, from 0, of an ensemble whose networks take images of different sizes.</summary>
    public static string ScoreOf(int network) => FormattableString.Invariant($"{Score}{network + 1}");

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
/// <param name="Share">The weight of the network in the score; the weights sum to 1.</param>
/// <param name="Filter">How pixels are interpolated.</param>
internal sealed record OnnxInputDescription(
    int Channels,
    int Height,
    int Width,
    double CropRatio,
    ResizeRule Resize,
    PixelType Element,
    ImageOrigin? Origin,
    IReadOnlyList<float> Mean,
    IReadOnlyList<float> Std,
    double Share,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] ResizeFilter Filter = ResizeFilter.Bilinear
)
{
    public ImagePreprocessing ToPreprocessing() =>
        new()
        {
            Shape = new ImageShape(Channels, Height, Width),
            CropRatio = CropRatio,
            Resize = Resize,
            Filter = Filter,
        };
}

/// <summary>The second file of an ONNX model: the weights that are too large for the first one, under a name with the hash of its content.</summary>
internal static class OnnxDataFile
{
    private const int HashLength = 16;

    /// <summary>The path of the second file.</summary>
    /// <param name="model">The path of the model.</param>
    /// <param name="hash">A hash in hexadecimal.</param>
    public static string Of(string model, string hash) => $"{model}.{hash[..HashLength]}.data";

    /// <summary>The second files of the models that were written to a path; more than one if a process died before it removed the old one.</summary>
    public static IReadOnlyList<string> Find(string model)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(model))!;
        string start = $"{Path.GetFileName(model)}.";
        return Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateFiles(folder, "*.data")
                    .Where(file =>
                        Path.GetFileNameWithoutExtension(file) is { } name
                        && name.StartsWith(start, StringComparison.Ordinal)
                        && name.Length == start.Length + HashLength
                        && name.AsSpan(start.Length).ToArray().All(char.IsAsciiHexDigitLower)
                    ),
            ]
            : [];
    }
}
