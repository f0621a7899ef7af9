namespace Microsoft.ML.FeatureMining;

/// <summary>The settings of a report on a detector.</summary>
public sealed record DetectionReportOptions
{
    /// <summary>The title of the page.</summary>
    /// <value>Object detection.</value>
    public string Title { get; init; } = "Object detection";

    /// <summary>The largest number of images to draw; of more rows, evenly spaced ones.</summary>
    /// <value>24.</value>
    [Range(0, int.MaxValue)]
    public int Images { get; init; } = 24;

    /// <summary>The smallest score of the objects that are drawn.</summary>
    /// <value>0.3.</value>
    [Range(0.0, 1.0)]
    public double MinScore { get; init; } = 0.3;

    /// <summary>The classes of the labeled objects.</summary>
    /// <value>Label.</value>
    public string LabelColumnName { get; init; } = "Label";

    /// <summary>The boxes of the labeled objects.</summary>
    /// <value>BoundingBoxes.</value>
    public string BoundingBoxColumnName { get; init; } = "BoundingBoxes";

    /// <summary>Whether each labeled object is difficult.</summary>
    /// <value>null: none is.</value>
    public string? DifficultColumnName { get; init; }

    /// <summary>The column with the classes of the objects that the model found.</summary>
    /// <value>PredictedLabel.</value>
    public string PredictedLabelColumnName { get; init; } = "PredictedLabel";

    /// <summary>The column with the boxes of the objects that the model found.</summary>
    /// <value>PredictedBoundingBoxes.</value>
    public string PredictedBoundingBoxColumnName { get; init; } = "PredictedBoundingBoxes";

    /// <summary>The column with the scores of the objects that the model found.</summary>
    /// <value>Score.</value>
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>The image column.</summary>
    /// <value>Image; if there is none, ImagePath.</value>
    public string ImageColumnName { get; init; } = "Image";
}
