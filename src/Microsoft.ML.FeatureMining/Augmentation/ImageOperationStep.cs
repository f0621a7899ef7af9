namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// One operation on one image. The magnitude is a slope, pixels, degrees, what is added to a factor of 1, bits or a threshold, as the operation takes it.
/// </summary>
internal readonly record struct ImageOperationStep(ImageOperation Operation, double Magnitude);
