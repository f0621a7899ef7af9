namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>One upright axis of parallel coordinates.</summary>
/// <param name="Name">Above it.</param>
/// <param name="Marks">Texts beside it, at places in [0, 1], 0 being below.</param>
internal sealed record ParallelAxis(string Name, IReadOnlyList<(double Place, string Text)> Marks);
