namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A picture of an <see cref="ImageFolder"/>.</summary>
/// <param name="Path">The file.</param>
/// <param name="ClassName">The name of the class folder that holds it.</param>
internal readonly record struct ImageFile(string Path, string ClassName);
