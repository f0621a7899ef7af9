using Microsoft.ML.FeatureMining.MlNet.Images;

namespace Microsoft.ML.FeatureMining.MlNet.Storage;

/// <summary>A row that has a label, and what its image column holds.</summary>
/// <param name="Position">The row in the data view.</param>
/// <param name="Label">Its class.</param>
/// <param name="Image">Its image, not yet decoded.</param>
/// <param name="File">The file it is from, where that is known.</param>
internal sealed record LabeledRow(long Position, int Label, RowImage Image, string? File);
