namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A picture whose object is framed.</summary>
internal readonly record struct BoxedImageFile(string Path, string ClassName, ImageBox Box);
