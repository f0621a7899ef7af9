namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>The factors of normalization: (pixel - mean) * scale.</summary>
internal static class ChannelScale
{
    /// <summary>1 / std for each channel; a std of 0 counts as 1.</summary>
    public static float[] Of(IEnumerable<float> std) => [.. std.Select(value => value > 0 ? 1 / value : 1)];
}
