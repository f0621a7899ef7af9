using Microsoft.ML.FeatureMining.MlNet.Images;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>A row that is to be scored.</summary>
internal readonly record struct PendingRow(RowImage Image, long Position, string? File);
