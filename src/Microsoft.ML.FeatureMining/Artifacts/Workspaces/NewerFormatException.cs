namespace Microsoft.ML.FeatureMining.Artifacts.Workspaces;

/// <summary>A file of a format that only a newer version of the library reads.</summary>
internal sealed class NewerFormatException(string message) : Exception(message);
