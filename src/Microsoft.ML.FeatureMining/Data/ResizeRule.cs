namespace Microsoft.ML.FeatureMining.Data;

/// <summary>How a picture of any size becomes one of the size that the network takes.</summary>
public enum ResizeRule
{
    /// <summary>Scale so that the picture just covers the target, then cut its centre out. Keeps proportions; loses what stands over.</summary>
    CropShorterSide,

    /// <summary>Scale each axis by itself. Keeps everything; changes proportions.</summary>
    Squash,
}
