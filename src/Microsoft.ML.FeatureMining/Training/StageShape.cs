namespace Microsoft.ML.FeatureMining.Training;

/// <summary>The shape of one stage's output for one image.</summary>
/// <param name="Channels">Channels C.</param>
/// <param name="Height">Rows h.</param>
/// <param name="Width">Columns w.</param>
public readonly record struct StageShape(int Channels, int Height, int Width);
