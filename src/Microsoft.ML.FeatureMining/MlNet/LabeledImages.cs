using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>The rows of a data view as the engine takes them.</summary>
/// <param name="Images">The rows that can be used.</param>
/// <param name="HeldOut">The rows held out for validation; null where none were to be.</param>
/// <param name="SkippedCauses">Of rows whose image could not be read, the first few: row, file, cause.</param>
/// <param name="Skipped">Rows whose image could not be read.</param>
/// <param name="Unlabelled">Rows without a label.</param>
internal sealed record LabeledImages(ImageSet Images, ImageSet? HeldOut, IReadOnlyList<string> SkippedCauses, int Skipped, int Unlabelled);
