namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Two operations in a row, each with its probability and its level from 0 to 9.</summary>
internal readonly record struct SubPolicy(
    ImageOperation First, double FirstProbability, int FirstLevel, ImageOperation Second, double SecondProbability, int SecondLevel);
