namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>By how much a stage's output is smaller than that of the one before.</summary>
/// <param name="Rows">At least 1.</param>
/// <param name="Columns">At least 1.</param>
internal readonly record struct StageStride(int Rows, int Columns)
{
    /// <summary>The largest that a file may ask for.</summary>
    public const int Max = 64;
}
