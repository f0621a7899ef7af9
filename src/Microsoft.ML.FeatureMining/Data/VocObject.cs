namespace Microsoft.ML.FeatureMining.Data;

/// <summary>An object on a picture of Pascal VOC.</summary>
/// <param name="ClassName">One of the classes.</param>
/// <param name="Box">Where it is; VOC counts pixels from 1, here the first is 0.</param>
/// <param name="Difficult">Whether its authors would not count a miss.</param>
/// <param name="Truncated">Whether it reaches beyond the box.</param>
internal readonly record struct VocObject(string ClassName, ImageBox Box, bool Difficult, bool Truncated);
