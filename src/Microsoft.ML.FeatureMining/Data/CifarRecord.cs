namespace Microsoft.ML.FeatureMining.Data;

/// <summary>One image of a CIFAR file.</summary>
/// <param name="Pixels">[3, 32, 32]: the red plane, the green, the blue, each row by row; 0 to 255.</param>
/// <param name="Label">The class: 0 to 9 (CIFAR-10), the fine label 0 to 99 (CIFAR-100).</param>
public readonly record struct CifarRecord(byte[] Pixels, int Label);
