namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>How pixels between pixels are read.</summary>
public enum Interpolation
{
    /// <summary>The nearest pixel.</summary>
    Nearest,

    /// <summary>The four pixels around, weighted by nearness.</summary>
    Bilinear,
}
