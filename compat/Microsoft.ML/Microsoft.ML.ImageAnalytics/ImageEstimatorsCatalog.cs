using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML;

/// <summary>Transforms of pictures.</summary>
public static class ImageEstimatorsCatalog
{
    /// <summary>Pictures from the files whose paths the input column holds.</summary>
    public static ImageLoadingEstimator LoadImages(this TransformsCatalog catalog, string outputColumnName, string imageFolder, string inputColumnName = null)
        => new(catalog.GetEnvironment(), imageFolder, asImages: true, new InputOutputColumnPair(outputColumnName, inputColumnName));

    /// <summary>The bytes of the files whose paths the input column holds.</summary>
    public static ImageLoadingEstimator LoadRawImageBytes(this TransformsCatalog catalog, string outputColumnName, string imageFolder, string inputColumnName = null)
        => new(catalog.GetEnvironment(), imageFolder, asImages: false, new InputOutputColumnPair(outputColumnName, inputColumnName));

    /// <summary>Numbers from pictures of one size: plane by plane, or pixel by pixel.</summary>
    public static ImagePixelExtractingEstimator ExtractPixels(
        this TransformsCatalog catalog,
        string outputColumnName,
        string inputColumnName = null,
        ImagePixelExtractingEstimator.ColorBits colorsToExtract = ImagePixelExtractingEstimator.ColorBits.Rgb,
        ImagePixelExtractingEstimator.ColorsOrder orderOfExtraction = ImagePixelExtractingEstimator.ColorsOrder.ARGB,
        bool interleavePixelColors = false,
        float offsetImage = 0f,
        float scaleImage = 1f,
        bool outputAsFloatArray = true)
        => new(
            catalog.GetEnvironment(),
            new InputOutputColumnPair(outputColumnName, inputColumnName),
            new PixelLayout(colorsToExtract, orderOfExtraction, interleavePixelColors, offsetImage, scaleImage, outputAsFloatArray));
}
