namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>The policies that AutoAugment's authors found, by the data that they searched on.</summary>
public enum AutoAugmentPolicy
{
    /// <summary>Found on a part of CIFAR-10; also for CIFAR-100.</summary>
    Cifar10,

    /// <summary>Found on a part of ImageNet; also for other photographs.</summary>
    ImageNet,
}
