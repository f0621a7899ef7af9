namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>What takes the place of erased pixels.</summary>
public enum ErasedFill
{
    /// <summary>The image's own mean, a channel. Near to zero after normalization, which is what the papers erase with.</summary>
    Mean,

    /// <summary>0 in pixel units: black.</summary>
    Black,

    /// <summary>A uniform integer from 0 to 255 for each channel of each pixel.</summary>
    Noise,
}
