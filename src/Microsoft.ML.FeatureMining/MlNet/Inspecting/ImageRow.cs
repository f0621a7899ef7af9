namespace Microsoft.ML.FeatureMining;

/// <summary>A row of a data view with a picture.</summary>
/// <param name="Position">The row, from 0.</param>
/// <param name="File">The picture's file, where the row names one.</param>
/// <param name="Label">Its label as text; null where it has none.</param>
public sealed record ImageRow(long Position, string? File, string? Label);
