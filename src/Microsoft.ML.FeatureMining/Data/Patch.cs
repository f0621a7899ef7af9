namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A part of a picture.</summary>
/// <param name="Path">The picture that it is cut from.</param>
/// <param name="ClassName">What is on it.</param>
/// <param name="Encoded">A picture file; where the whole could not be read, that.</param>
internal readonly record struct Patch(string Path, string ClassName, byte[] Encoded);
