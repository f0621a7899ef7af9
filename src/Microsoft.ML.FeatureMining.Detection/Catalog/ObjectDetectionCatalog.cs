using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Detection.Evaluation;
using Microsoft.ML.FeatureMining.Detection.MlNet;
using Microsoft.ML.FeatureMining.Detection.Reports;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Adds object detection to MLContext.</summary>
public static class ObjectDetectionExtensions
{
    /// <summary>The catalog of object detection.</summary>
    public static ObjectDetectionCatalog ObjectDetection(this MLContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new ObjectDetectionCatalog(context);
    }
}

/// <summary>
/// Object detection, a task that ML.NET has no catalog for: finds the objects in an image, with their classes and boxes. Created by
/// <see cref="ObjectDetectionExtensions.ObjectDetection"/>.
/// </summary>
public sealed class ObjectDetectionCatalog
{
    internal ObjectDetectionCatalog(MLContext context) => Trainers = new ObjectDetectionTrainers(context);

    /// <summary>The trainers.</summary>
    public ObjectDetectionTrainers Trainers { get; }

    /// <summary>
    /// Evaluates scored rows: average precision as in Pascal VOC, of each class and its mean. A detection is correct if its IoU with an object of its class is
    /// above 0.5.
    /// </summary>
    /// <param name="data">The output of a model's Transform, with the columns of the labeled objects.</param>
    /// <param name="labelColumnName">The class of each labeled object: a vector of keys or names.</param>
    /// <param name="boundingBoxColumnName">The box of each labeled object: x0, y0, x1, y1 in pixels.</param>
    /// <param name="predictedLabelColumnName">The class of each object found: a vector of keys or names.</param>
    /// <param name="predictedBoundingBoxColumnName">The box of each object found.</param>
    /// <param name="scoreColumnName">The score of each object found.</param>
    /// <param name="difficultColumnName">Whether each labeled object is difficult, a vector of Boolean values: such an object need not be found, and finding it
    /// counts neither as right nor as wrong. null if no object is.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    /// <exception cref="ArgumentException">The vectors of a row do not match, or a box is invalid; the message names the row.</exception>
    /// <exception cref="InvalidOperationException">No row has an object.</exception>
    public DetectionMetrics Evaluate(
        IDataView data,
        string labelColumnName = "Label",
        string boundingBoxColumnName = "BoundingBoxes",
        string predictedLabelColumnName = "PredictedLabel",
        string predictedBoundingBoxColumnName = "PredictedBoundingBoxes",
        string scoreColumnName = "Score",
        string? difficultColumnName = null
    )
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(labelColumnName);
        ArgumentNullException.ThrowIfNull(boundingBoxColumnName);
        ArgumentNullException.ThrowIfNull(predictedLabelColumnName);
        ArgumentNullException.ThrowIfNull(predictedBoundingBoxColumnName);
        ArgumentNullException.ThrowIfNull(scoreColumnName);
        return DetectionEvaluation.Of(
            data,
            ObjectColumns.Bind(data.Schema, labelColumnName, boundingBoxColumnName, difficultColumnName),
            FoundColumns.Bind(data.Schema, predictedLabelColumnName, predictedBoundingBoxColumnName, scoreColumnName)
        );
    }

    /// <summary>The objects found in each scored row, the best first.</summary>
    /// <param name="data">The output of a model's Transform.</param>
    /// <param name="predictedLabelColumnName">The class of each object found: a vector of keys or names.</param>
    /// <param name="predictedBoundingBoxColumnName">The box of each object found.</param>
    /// <param name="scoreColumnName">The score of each object found.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    public IEnumerable<IReadOnlyList<DetectedObject>> ReadObjects(
        IDataView data,
        string predictedLabelColumnName = "PredictedLabel",
        string predictedBoundingBoxColumnName = "PredictedBoundingBoxes",
        string scoreColumnName = "Score"
    )
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(predictedLabelColumnName);
        ArgumentNullException.ThrowIfNull(predictedBoundingBoxColumnName);
        ArgumentNullException.ThrowIfNull(scoreColumnName);
        return FoundReader.ReadAll(data, FoundColumns.Bind(data.Schema, predictedLabelColumnName, predictedBoundingBoxColumnName, scoreColumnName));
    }

    /// <summary>Draws objects on an image: their boxes, each with class and score, in the color of the class.</summary>
    /// <param name="imageFile">The content of an image file.</param>
    /// <param name="objects">The objects, in pixels of the upright image.</param>
    /// <param name="longestSide">The largest width and height of the result in pixels; a larger image is reduced.</param>
    /// <returns>The content of a PNG file.</returns>
    /// <exception cref="FeatureMining.Imaging.ImageDecodeException">The image cannot be read.</exception>
    public byte[] DrawObjects(ReadOnlySpan<byte> imageFile, IEnumerable<DetectedObject> objects, int longestSide = 1600)
    {
        ArgumentNullException.ThrowIfNull(objects);
        ArgumentOutOfRangeException.ThrowIfLessThan(longestSide, 1);
        return ObjectDrawing.ToPng(imageFile, objects, longestSide);
    }

    /// <summary>
    /// Writes a report on scored rows with labeled objects as one self-contained HTML file: average precision of each class, and images with the boxes of
    /// labeled and found objects.
    /// </summary>
    /// <param name="data">The output of a model's Transform, with the columns of the labeled objects.</param>
    /// <param name="stream">Receives the page.</param>
    /// <param name="options">Columns and number of images; null for the defaults.</param>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    /// <exception cref="InvalidOperationException">No row has an object.</exception>
    public void WriteReport(IDataView data, Stream stream, DetectionReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(stream);
        new DetectionReport(data, options ?? new DetectionReportOptions()).Write(stream);
    }
}

/// <summary>The trainers of <see cref="ObjectDetectionCatalog"/>.</summary>
public sealed class ObjectDetectionTrainers
{
    private readonly IHostEnvironment _environment;

    internal ObjectDetectionTrainers(IHostEnvironment environment) => _environment = environment;

    /// <summary>
    /// Trains RetinaNet (Lin et al. 2017, "Focal Loss for Dense Object Detection"). For more settings, use the overload that takes
    /// <see cref="RetinaNetOptions"/>.
    /// </summary>
    /// <param name="labelColumnName">The class of each object: a vector of keys or names.</param>
    /// <param name="boundingBoxColumnName">The box of each object: x0, y0, x1, y1 in pixels, a vector of floats.</param>
    /// <param name="imageColumnName">The image column: encoded bytes (a vector of unknown size), MLImage, or text (paths of files). The default
    /// stands for ImagePath if the rows have no column Image.</param>
    /// <param name="predictedLabelColumnName">Output: the key of each object found.</param>
    /// <param name="predictedBoundingBoxColumnName">Output: the box of each object found.</param>
    /// <param name="scoreColumnName">Output: the score of each object found.</param>
    /// <param name="initialWeights">
    /// The initial weights: see <see cref="FeatureMining.Training.TrainingOptions.InitialWeights"/>; null trains from scratch.
    /// </param>
    /// <param name="epochs">The number of epochs.</param>
    /// <param name="validationSet">Rows to validate on after each epoch. The model gets the weights of the epoch with the best mean average precision; without
    /// a validation set, those of the last epoch.</param>
    public RetinaNetTrainer RetinaNet(
        string labelColumnName = "Label",
        string boundingBoxColumnName = "BoundingBoxes",
        string imageColumnName = "Image",
        string predictedLabelColumnName = "PredictedLabel",
        string predictedBoundingBoxColumnName = "PredictedBoundingBoxes",
        string scoreColumnName = "Score",
        string? initialWeights = PretrainedWeights.ResNet18,
        int epochs = 50,
        IDataView? validationSet = null
    )
    {
        ArgumentNullException.ThrowIfNull(labelColumnName);
        ArgumentNullException.ThrowIfNull(boundingBoxColumnName);
        ArgumentNullException.ThrowIfNull(imageColumnName);
        ArgumentNullException.ThrowIfNull(predictedLabelColumnName);
        ArgumentNullException.ThrowIfNull(predictedBoundingBoxColumnName);
        ArgumentNullException.ThrowIfNull(scoreColumnName);
        return RetinaNet(
            new RetinaNetOptions
            {
                LabelColumnName = labelColumnName,
                BoundingBoxColumnName = boundingBoxColumnName,
                ImageColumnName = imageColumnName,
                PredictedLabelColumnName = predictedLabelColumnName,
                PredictedBoundingBoxColumnName = predictedBoundingBoxColumnName,
                ScoreColumnName = scoreColumnName,
                InitialWeights = initialWeights,
                Epochs = epochs,
                WarmupEpochs = Math.Clamp(epochs / 10.0, 0, 1),
                ValidationSet = validationSet,
            }
        );
    }

    /// <summary>Trains RetinaNet (Lin et al. 2017, "Focal Loss for Dense Object Detection").</summary>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public RetinaNetTrainer RetinaNet(RetinaNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new RetinaNetTrainer(_environment, options);
    }
}
