using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Detection.Data;

namespace Microsoft.ML;

/// <summary>Loads data sets for object detection.</summary>
public static class DetectionDataExtensions
{
    /// <summary>
    /// Loads the images of Pascal VOC with their objects, one row per image. Columns: ImagePath (text); Label (the class of each object, a vector of text);
    /// BoundingBoxes (x0, y0, x1, y1 of each object, a vector of floats, in the form that <see cref="FeatureMining.RetinaNetOptions.BoundingBoxColumnName"/>
    /// describes); Difficult (a vector of Boolean values). Rows have the order of the set's list.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder of a year, such as <c>VOCdevkit/VOC2007</c>.</param>
    /// <param name="set">The name of a list in ImageSets/Main: train, val, trainval or test.</param>
    /// <param name="withDifficult">Whether to include objects that are marked difficult: true to evaluate as VOC does, false to train as is usual.</param>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="FileNotFoundException">A list or an annotation is missing.</exception>
    /// <exception cref="InvalidDataException">A list or an annotation is invalid; the message names the line.</exception>
    public static IDataView LoadPascalVocDetection(this DataOperationsCatalog catalog, string path, string set, bool withDifficult = true)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(set);
        return catalog.LoadFromEnumerable(PascalVoc.Read(path, set).Select(image => VocDetectionRow.Of(image, withDifficult)).ToArray());
    }
}
