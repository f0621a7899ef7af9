namespace Microsoft.ML.FeatureMining;

/// <summary>What a wrong label becomes.</summary>
public enum LabelNoise
{
    /// <summary>Any of the other classes, each with the same probability.</summary>
    Symmetric,

    /// <summary>The next class, in the order of the keys, numbers or names; the first one behind the last: a class is taken for one that it resembles.</summary>
    Pair,
}
