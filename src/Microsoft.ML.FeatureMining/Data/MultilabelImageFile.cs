namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A picture with any number of labels.</summary>
/// <param name="Path">The file.</param>
/// <param name="ClassNames">The classes on it, each once.</param>
internal readonly record struct MultilabelImageFile(string Path, IReadOnlyList<string> ClassNames);
