using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>The shape of one stage's output for one image.</summary>
/// <param name="Channels">Channels C.</param>
/// <param name="Height">Rows h.</param>
/// <param name="Width">Columns w.</param>
public readonly record struct StageShape(int Channels, int Height, int Width)
{
    /// <summary>From each stage to the next.</summary>
    internal static IReadOnlyList<StageStride> Strides(IReadOnlyList<StageShape> stages) =>
        [.. stages.Zip(stages.Skip(1), (from, to) => new StageStride(Ratio(from.Height, to.Height), Ratio(from.Width, to.Width)))];

    private static int Ratio(int from, int to) => Math.Max((int)Math.Round((double)from / to), 1);
}
