namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>One half of a map of features; of an odd number of rows or columns the middle one belongs to both.</summary>
public enum MapHalf
{
    /// <summary>The left columns.</summary>
    Left,

    /// <summary>The right columns.</summary>
    Right,

    /// <summary>The upper rows.</summary>
    Upper,

    /// <summary>The lower rows.</summary>
    Lower,
}
