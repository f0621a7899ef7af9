namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>A side of a data set that comes with a split of its own.</summary>
public enum DataPart
{
    /// <summary>What its authors train on.</summary>
    Train,

    /// <summary>What its authors measure on; of a set whose test images have no labels, the validation images.</summary>
    Test,
}
