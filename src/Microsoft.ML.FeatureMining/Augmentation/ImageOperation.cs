namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>The operations that AutoAugment and RandAugment draw from.</summary>
internal enum ImageOperation
{
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
    Invert,
}
