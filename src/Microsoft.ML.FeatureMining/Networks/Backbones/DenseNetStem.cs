namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>What stands before the dense blocks.</summary>
internal enum DenseNetStem
{
    /// <summary>7x7 at stride 2, BatchNorm, ReLU, max pooling.</summary>
    Large,

    /// <summary>3x3 at stride 1, BatchNorm, ReLU.</summary>
    Small,

    /// <summary>3x3 at stride 1 alone, as in the paper's networks for CIFAR.</summary>
    Bare,
}
