namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>A part of a data set that is published with a split.</summary>
public enum DataPart
{
    /// <summary>The training images.</summary>
    Train,

    /// <summary>The test images; the validation images if the test images have no labels.</summary>
    Test,
}
