namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>How Feature Mining cuts a stage's features in two (Table 9 of the paper).</summary>
public enum Segmentation
{
    /// <summary>Inside and outside of one box: the paper's method.</summary>
    Block,

    /// <summary>Single positions at random: "Dropout-FM".</summary>
    Points,

    /// <summary>Whole channels at random: "SpatialDropout-FM".</summary>
    Channels,

    /// <summary>Inside of one box and inside of another, drawn independently: "non-complementary FM".</summary>
    NonComplementary,
}
