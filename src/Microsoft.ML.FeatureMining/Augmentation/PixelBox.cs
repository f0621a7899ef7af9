namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>A box of pixels; it may be empty.</summary>
internal readonly record struct PixelBox(int Top, int Left, int Height, int Width);
